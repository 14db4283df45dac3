/**
 * The only CPU of a machine that boots or is at rest: nobody contends with it, and nothing is charged.
 *
 *     tryLock ─▶ true      lock, unlock, pause ─▶ nothing      sleepOn ─▶ throws: nobody could wake it
 *
 * Locks are not even taken, so no other CPU may run meanwhile.
 */
import type { Codec } from './codec.ts';
import type { Cpu, Suspending } from './cpu.ts';
import type { CpuId } from './units.ts';

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
  readonly codec: Codec;
  readonly recompressors: readonly Codec[];

  /** Without codecs, for computations that compress nothing. */
  constructor(id: CpuId, codec: Codec = NO_CODEC, recompressors: readonly Codec[] = []) {
    this.id = id;
    this.codec = codec;
    this.recompressors = recompressors;
  }

  begin(): void {
    // Nobody looks.
  }

  end(): void {
    // Nobody looks.
  }

  tryOnly(): boolean {
    return true;
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

  *sleepOn(): Suspending<void> {
    throw new Error(`CPU ${this.id} sleeps, and there is nobody who could wake it`);
  }

  wakeOne(): void {
    // Nobody sleeps.
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
