import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { useNoticeStore } from '../../../src/renderer/stores/notice-store.ts';
import { useRunStore } from '../../../src/renderer/stores/run-store.ts';
import { sampleProfile } from '../sample-profile.ts';
import { createLabStores, settle, type LabStores } from './lab-stores.ts';

let stores: LabStores;

beforeEach(() => {
  stores = createLabStores();
});

afterEach(() => {
  stores.dispose();
  expect(stores.lab.listenerCount()).toBe(0);
});

describe('a run', () => {
  test('goes from idle over running to finished, and gathers its samples', async () => {
    const run = useRunStore();
    expect(run.state.kind).toBe('idle');
    await run.start(sampleProfile());
    expect(run.state).toMatchObject({ kind: 'running', run: { runId: 'run-1', oversubscribed: false } });
    while (stores.lab.step());
    expect(run.state).toMatchObject({ kind: 'finished', outcome: 'complete', stored: true });
    expect(run.samples).toHaveLength(12);
    expect(run.live.progress?.fraction).toBe(1);
    expect(run.live.throughput.every(({ points }) => points.length > 0)).toBe(true);
  });

  test('on more CPUs than the host has cores is known as oversubscribed', async () => {
    const run = useRunStore();
    await run.start(sampleProfile({ machine: { ...sampleProfile().machine, possibleCpus: 8, onlineCpus: 8 } }));
    expect(run.run?.oversubscribed).toBe(true);
    expect(run.pickedUpAtMs).toBe(0);
  });

  test('on the kernel is asked for as such and known as such, after a reload too', async () => {
    const run = useRunStore();
    await run.start(sampleProfile(), 'kernel');
    expect(run.run?.engine).toBe('kernel');
    stores.dispose();
    stores = createLabStores(stores.lab);
    const reloaded = useRunStore();
    await reloaded.pickUp();
    expect(reloaded.run?.engine).toBe('kernel');
  });

  test('that cannot be started leaves the state as it was, and says why', async () => {
    const run = useRunStore();
    stores.lab.failNext('startRun', { code: 'busy', message: 'A run is already going on' });
    await run.start(sampleProfile());
    expect(run.state.kind).toBe('idle');
    expect(useNoticeStore().notices).toMatchObject([{ kind: 'error', message: 'A run is already going on' }]);
  });

  test('that is cancelled ends as cancelled and keeps what was finished', async () => {
    const run = useRunStore();
    await run.start(sampleProfile());
    while (run.samples.length < 2) stores.lab.step();
    const cancelling = run.cancel();
    expect(run.state.kind).toBe('cancelling');
    await cancelling;
    await settle();
    expect(run.state).toMatchObject({ kind: 'finished', outcome: 'cancelled' });
    expect(run.samples).toHaveLength(2);
  });

  test('goes on when cancelling failed', async () => {
    const run = useRunStore();
    await run.start(sampleProfile());
    stores.lab.failNext('cancelRun', { code: 'unavailable', message: 'The lab cannot be reached' });
    await run.cancel();
    expect(run.state.kind).toBe('running');
  });

  test('that failed carries its sentence', async () => {
    const run = useRunStore();
    await run.start(sampleProfile());
    stores.lab.failRun({ code: 'out-of-memory', message: 'no page frame is left' });
    expect(run.state).toMatchObject({
      kind: 'finished',
      outcome: 'failed',
      error: { message: 'no page frame is left' },
    });
  });

  test('that was going on before the page was there is picked up with its samples', async () => {
    await stores.lab.contract.startRun({ profile: sampleProfile() });
    for (let event = 0; event < 150; event += 1) stores.lab.step();
    const run = useRunStore();
    await run.pickUp();
    expect(run.state).toMatchObject({ kind: 'running', run: { runId: 'run-1' } });
    expect(run.samples.length).toBeGreaterThan(0);
    expect(run.live.progress).toBeDefined();
    expect(run.pickedUpAtMs).toBe(run.live.progress?.atMs);
  });

  test('is not made up when none goes on', async () => {
    const run = useRunStore();
    await run.pickUp();
    expect(run.state.kind).toBe('idle');
  });

  test('of somebody else is shown from its start, in the place of the one before', async () => {
    const run = useRunStore();
    await run.start(sampleProfile());
    while (stores.lab.step());
    await stores.lab.contract.startRun({ profile: sampleProfile({ designs: ['per-cpu-global'] }) });
    expect(run.state).toMatchObject({ kind: 'running', run: { runId: 'run-2' } });
    expect(run.samples).toEqual([]);
    expect(run.live.throughput.map(({ design }) => design)).toEqual(['per-cpu-global', 'per-cpu-global']);
  });
});
