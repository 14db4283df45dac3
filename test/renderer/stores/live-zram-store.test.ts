import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { useLiveZramStore } from '../../../src/renderer/stores/live-zram-store.ts';
import { useRunStore } from '../../../src/renderer/stores/run-store.ts';
import { sampleProfile } from '../sample-profile.ts';
import { createLabStores, type LabStores } from './lab-stores.ts';

let stores: LabStores;
beforeEach(() => {
  vi.useFakeTimers();
  stores = createLabStores();
});
afterEach(() => {
  stores.dispose();
  vi.useRealTimers();
});

const look = () => vi.advanceTimersByTimeAsync(500);
const looks = () => stores.lab.callCount('runningZram');

/** A run that writes. */
async function startWriting() {
  const zram = useLiveZramStore();
  const run = useRunStore();
  await run.start(sampleProfile());
  while (run.live.progress?.phase !== 'write') {
    stores.lab.step();
    await vi.advanceTimersByTimeAsync(250);
  }
  return { zram, run };
}

describe('the pools of a run that goes on', () => {
  test('are looked at while somebody wants to see them, twice a second', async () => {
    const { zram } = await startWriting();
    await look();
    expect([looks(), zram.devices]).toEqual([0, undefined]);
    zram.open = true;
    await vi.advanceTimersByTimeAsync(0);
    expect(looks()).toBe(1);
    expect(zram.devices?.[0]?.classes.length).toBeGreaterThan(0);
    expect(zram.at).toMatchObject({ phase: 'write' });
    await look();
    expect(looks()).toBe(2);
    zram.open = false;
    await look();
    await look();
    expect(looks()).toBe(2);
  });

  test('stay as they were last seen when the run has ended, and go with the next one', async () => {
    const { zram, run } = await startWriting();
    zram.open = true;
    await look();
    while (stores.lab.step());
    await look();
    const asked = looks();
    await look();
    expect(looks()).toBe(asked);
    expect(zram.devices).toBeDefined();
    await run.start(sampleProfile());
    await vi.advanceTimersByTimeAsync(0);
    expect(zram.devices).toBeUndefined();
  });

  test('that cannot be looked at say why, and are looked at again', async () => {
    const { zram } = await startWriting();
    stores.lab.failNext('runningZram', { code: 'unavailable', message: 'the lab cannot be reached' });
    zram.open = true;
    await vi.advanceTimersByTimeAsync(0);
    expect(zram.error?.message).toBe('the lab cannot be reached');
    await look();
    expect([zram.error, zram.devices?.length]).toEqual([undefined, 1]);
  });

  test('are left alone when the dashboard goes', async () => {
    const { zram } = await startWriting();
    zram.open = true;
    await look();
    const asked = looks();
    stores.dispose();
    await vi.advanceTimersByTimeAsync(3000);
    expect(looks()).toBe(asked);
  });
});
