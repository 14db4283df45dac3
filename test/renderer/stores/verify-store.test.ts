import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
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
