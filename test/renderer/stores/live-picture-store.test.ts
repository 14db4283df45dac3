import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { useLivePictureStore } from '../../../src/renderer/stores/live-picture-store.ts';
import { useRunStore } from '../../../src/renderer/stores/run-store.ts';
import { ok } from '../../../src/shared/result.ts';
import { createInMemoryLab } from '../in-memory-lab.ts';
import { samplePercpuProfile } from '../sample-percpu.ts';
import { createLabStores, settle, type LabStores } from './lab-stores.ts';

let stores: LabStores;
beforeEach(() => {
  vi.useFakeTimers();
  stores = createLabStores();
});
afterEach(() => {
  stores.dispose();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const looks = () => stores.lab.callCount('runningPicture');

async function wait(milliseconds: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(milliseconds);
  await settle();
}

/** A run that has come so far that there is a machine to look at. */
async function startRun(): Promise<void> {
  await useRunStore().start(samplePercpuProfile());
  for (let steps = 0; steps < 12; steps++) stores.lab.step();
  await settle();
}

describe('the live picture', () => {
  test('is not looked at while it is closed', async () => {
    const live = useLivePictureStore();
    await startRun();
    await wait(3000);
    expect(looks()).toBe(0);
    expect(live.picture).toBeUndefined();
  });

  test('is looked at twice a second while it is open', async () => {
    const live = useLivePictureStore();
    await startRun();
    live.open = true;
    await settle();
    expect(looks()).toBe(1);
    expect(live.picture?.chunks.map(({ key }) => key)).toEqual(['2.1', '3.1']);
    expect(live.at).toMatchObject({ design: 'embed', repetition: 0 });
    await wait(2000);
    expect(looks()).toBe(5);
    live.open = false;
    await wait(2000);
    expect(looks()).toBe(5);
  });

  test('keeps what was seen while there is no machine, and its last moment when the run has ended', async () => {
    const live = useLivePictureStore();
    await useRunStore().start(samplePercpuProfile());
    live.open = true;
    await settle();
    expect(live.picture).toBeUndefined();
    expect(looks()).toBe(1);
    for (let steps = 0; steps < 12; steps++) stores.lab.step();
    await wait(500);
    const seen = live.picture;
    expect(seen).toBeDefined();
    while (stores.lab.step());
    const before = looks();
    await wait(2000);
    expect(looks()).toBe(before);
    expect(live.picture).toBe(seen);
    expect(live.error).toBeUndefined();
  });

  test('is of another run when that begins, and stays open', async () => {
    const live = useLivePictureStore();
    await startRun();
    live.open = true;
    await settle();
    while (stores.lab.step());
    await useRunStore().start(samplePercpuProfile());
    await settle();
    expect(live.picture).toBeUndefined();
    for (let steps = 0; steps < 12; steps++) stores.lab.step();
    await wait(500);
    expect(live.picture).toBeDefined();
  });

  test('shows the objects of another chunk at once', async () => {
    const live = useLivePictureStore();
    await startRun();
    live.open = true;
    await settle();
    live.choose('3.1');
    await settle();
    expect(live.picture?.chunks.map(({ objects }) => objects !== undefined)).toEqual([false, true]);
    await wait(500);
    expect(looks()).toBe(3);
  });

  test('says whether it may be of two moments', async () => {
    stores.dispose();
    const lab = createInMemoryLab();
    let isTorn = true;
    stores = createLabStores({
      ...lab,
      contract: {
        ...lab.contract,
        runningPicture: async (wanted) => {
          const answer = await lab.contract.runningPicture(wanted);
          return answer.ok ? ok({ ...answer.value, isTorn }) : answer;
        },
      },
    });
    const live = useLivePictureStore();
    await startRun();
    live.open = true;
    await settle();
    expect([live.picture === undefined, live.isTorn]).toEqual([false, true]);
    isTorn = false;
    await wait(500);
    expect(live.isTorn).toBe(false);
    isTorn = true;
    await wait(500);
    while (stores.lab.step());
    await useRunStore().start(samplePercpuProfile());
    await settle();
    expect([live.picture, live.isTorn]).toEqual([undefined, false]);
  });

  test('says what went wrong, and looks again', async () => {
    const live = useLivePictureStore();
    await startRun();
    stores.lab.failNext('runningPicture', { code: 'unavailable', message: 'no' });
    live.open = true;
    await settle();
    expect(live.error?.message).toBe('no');
    await wait(500);
    expect([live.error, live.picture === undefined]).toEqual([undefined, false]);
  });
});

describe('percpu_stats of the running machine', () => {
  test('are read when they are asked for', async () => {
    const live = useLivePictureStore();
    await startRun();
    await live.readStats();
    expect(live.stats).toMatchObject({
      fileName: 'embed.percpu_stats',
      text: expect.stringContaining('Percpu Memory'),
    });
    stores.lab.failNext('runningPercpuStats', { code: 'unavailable', message: 'no machine runs' });
    await live.readStats();
    expect(live.error?.message).toBe('no machine runs');
    expect(live.stats?.fileName).toBe('embed.percpu_stats');
  });
});
