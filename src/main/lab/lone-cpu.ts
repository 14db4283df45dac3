/** A CPU on its own: nobody contends with it, nothing is charged, no codec is there. */
import type { Codec } from '../machine/codec.ts';
import type { Cpu, Suspending } from '../machine/cpu.ts';
import type { CpuId } from '../machine/units.ts';

const NO_CODEC: Codec = {
  name: 'none',
  compress: () => {
    throw new Error('this CPU compresses nothing');
  },
  decompress: () => {
    throw new Error('this CPU decompresses nothing');
  },
};

export class LoneCpu implements Cpu {
  readonly id: CpuId;
  readonly codec = NO_CODEC;

  constructor(id: CpuId) {
    this.id = id;
  }

  tryLock(): boolean {
    return true;
  }

  *lock(): Suspending<void> {
    // Never contended.
  }

  unlock(): void {
    // Nobody waits.
  }

  preemptDisable(): void {
    // Nothing else runs.
  }

  preemptEnable(): boolean {
    return false;
  }

  *reschedule(): Suspending<void> {
    // Nothing else runs.
  }

  shouldPause(): boolean {
    return false;
  }

  *pause(): Suspending<void> {
    // Nothing else runs.
  }

  charge(): void {
    // Costs are not the matter here.
  }
}
