import { describe, expect, it } from 'vitest';
import { startThreadTime } from '../../../../src/main/engine/live/thread-time.ts';

function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

describe('the time of a thread', () => {
  it('is that on a core beside that of the clock: sleeping counts for the clock alone', () => {
    const time = startThreadTime();
    sleep(200);
    const { startNs, endNs, processorNs } = time();
    expect(Number(endNs - startNs)).toBeGreaterThanOrEqual(190e6);
    expect(processorNs).toBeLessThan(100e6);
  });

  it('counts what the thread computes between two ticks of the host, too', () => {
    const spans = Array.from({ length: 40 }, () => {
      // A thread that slept is brought up to date.
      sleep(1);
      const time = startThreadTime();
      const end = performance.now() + 1;
      while (performance.now() < end);
      return time().processorNs;
    });
    expect(spans.filter((processorNs) => processorNs === 0)).toEqual([]);
  });

  it('counts what the thread computes', () => {
    const time = startThreadTime();
    // Until the kernel itself says so.
    while (time().processorNs < 20e6);
    const { startNs, endNs, processorNs } = time();
    expect(processorNs).toBeGreaterThanOrEqual(20e6);
    expect(Number(endNs - startNs)).toBeGreaterThanOrEqual(19e6);
  });
});
