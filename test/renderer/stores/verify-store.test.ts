import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { useNoticeStore } from '../../../src/renderer/stores/notice-store.ts';
import { useVerifyStore } from '../../../src/renderer/stores/verify-store.ts';
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

const REQUEST = { paths: ['/data'], jobs: 1, codecs: ['lz4' as const] };
/** One look at the lab. */
const look = () => vi.advanceTimersByTimeAsync(200);

describe('a verification', () => {
  test('shows how far it is, and in the end its report', async () => {
    const verify = useVerifyStore();
    void verify.start(REQUEST);
    expect(verify.activity.kind).toBe('running');
    await vi.advanceTimersByTimeAsync(0);
    expect(verify.activity).toMatchObject({ progress: { phase: 'prepare' } });
    await look();
    await look();
    expect(verify.activity).toMatchObject({ kind: 'running', progress: { phase: 'measure', round: 1 } });
    expect(verify.report).toBeUndefined();
    await look();
    await look();
    expect(verify.activity.kind).toBe('idle');
    expect(verify.report?.rounds).toBe(3);
    expect(verify.error).toBeUndefined();
  });

  test('that the lab refuses says why, and leaves the last report', async () => {
    const verify = useVerifyStore();
    const whole = verify.start(REQUEST);
    await vi.advanceTimersByTimeAsync(2000);
    await whole;
    stores.lab.failNext('startVerify', { code: 'unavailable', message: 'only root may do that' });
    await verify.start(REQUEST);
    expect(verify.error?.message).toBe('only root may do that');
    expect(verify.report?.rounds).toBe(3);
    expect(verify.active).toBe(false);
  });

  test('can be cancelled once, and is then over', async () => {
    const verify = useVerifyStore();
    void verify.start(REQUEST);
    await look();
    await verify.cancel();
    await verify.cancel();
    expect(verify.activity.kind).toBe('cancelling');
    expect(stores.lab.callCount('cancelVerify')).toBe(1);
    await look();
    expect(verify.activity.kind).toBe('idle');
    expect(verify.error?.code).toBe('cancelled');
  });

  test('is one at a time', async () => {
    const verify = useVerifyStore();
    void verify.start(REQUEST);
    await verify.start(REQUEST);
    expect(stores.lab.callCount('startVerify')).toBe(1);
  });

  test('is not asked after any more when the dashboard goes', async () => {
    const verify = useVerifyStore();
    void verify.start(REQUEST);
    await look();
    stores.dispose();
    await look();
    const asked = stores.lab.callCount('verifyState');
    await vi.advanceTimersByTimeAsync(5000);
    expect(stores.lab.callCount('verifyState')).toBe(asked);
  });

  test('whose state cannot be had any more has failed', async () => {
    const verify = useVerifyStore();
    void verify.start(REQUEST);
    await look();
    stores.lab.failNext('verifyState', { code: 'not-found', message: 'the lab knows nothing of it' });
    await look();
    expect(verify.activity.kind).toBe('idle');
    expect(verify.error?.message).toBe('the lab knows nothing of it');
  });
});

describe('a verification that was started before the page was loaded', () => {
  /** A page that starts one, and another page over the same lab. */
  async function reload(looks: number) {
    void useVerifyStore().start({ ...REQUEST, paths: ['/data', '/more'], jobs: 2 });
    for (let count = 0; count < looks; count++) await look();
    stores.dispose();
    stores = createLabStores(stores.lab);
    const verify = useVerifyStore();
    await verify.pickUp();
    return verify;
  }

  test('is followed to its end, with the form as it was filled in', async () => {
    const verify = await reload(1);
    expect(verify.activity).toMatchObject({ kind: 'running', progress: { phase: 'measure' } });
    expect([verify.paths, verify.jobs]).toEqual([['/data', '/more'], 2]);
    await look();
    await look();
    await look();
    expect(verify.activity.kind).toBe('idle');
    expect(verify.report?.rounds).toBe(3);
  });

  test('can be cancelled', async () => {
    const verify = await reload(0);
    await verify.cancel();
    await look();
    expect(verify.error?.code).toBe('cancelled');
  });

  test('shows its report when it has ended meanwhile', async () => {
    const verify = await reload(4);
    expect(verify.activity.kind).toBe('idle');
    expect(verify.report?.rounds).toBe(3);
    const asked = stores.lab.callCount('verifyState');
    await look();
    expect(stores.lab.callCount('verifyState')).toBe(asked);
  });

  test('is none in a lab that has verified nothing, and a lab that cannot be asked says so', async () => {
    const verify = useVerifyStore();
    await verify.pickUp();
    expect([verify.activity.kind, verify.report]).toEqual(['idle', undefined]);
    stores.lab.failNext('currentVerify', { code: 'unavailable', message: 'the lab cannot be reached' });
    await verify.pickUp();
    expect(useNoticeStore().notices).toHaveLength(1);
  });

  test('does not disturb one that this page follows already', async () => {
    const verify = useVerifyStore();
    void verify.start(REQUEST);
    await look();
    await verify.pickUp();
    expect(stores.lab.callCount('currentVerify')).toBe(0);
  });
});
