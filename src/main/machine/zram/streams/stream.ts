/**
 * A compression stream: what one compression needs, and the port through which a device gets one.
 *
 *     [ buffer 2 pages ][ work memory ][ local copy ]        runs of contiguous frames, the last two where there are any
 *
 *     tryTake ──stream──▶ compress, copy ──▶ tryGive ──true──▶ done
 *        └undefined─▶ take (waits) ─┘           └false─▶ give (waits)
 *
 * Between taking and giving back, a stream is its taker's alone. The quick way first, so that the usual write costs no
 * generator; `take` may only follow a `tryTake` that answered undefined, `give` a `tryGive` that answered false.
 *
 * Work memory is what the kernel's LZ4 asks for. lz4-kernel works in it; lz4-napi brings its own hash table, and so do the
 * codecs of recompression: what they take in this process is not the machine's memory and is not counted.
 */
import type { Cpu, Suspending } from '../../cpu.ts';
import { FrameKind } from '../../memory/arena-layout.ts';
import type { CpuId, LockWord, PhysicalAddress } from '../../units.ts';

/** Bytes of the kernel's LZ4 context: a 16384-byte table and 32 bytes (facts: zram on 6.18). */
export const LZ4_WORK_MEMORY_BYTES = 16416;

/** Compressed output may exceed the page, hence two. */
export const BUFFER_PAGES = 2;

/** A run of contiguous frames that a stream is made of. */
export interface StreamRun {
  readonly name: 'buffer' | 'workMemory' | 'localCopy';
  readonly kind: FrameKind;
  readonly pages: number;
}

/** The runs of a stream, in the order of making them. */
export function streamRuns(
  pageSizeBytes: number,
  { workMemory, localCopy }: { readonly workMemory: boolean; readonly localCopy: boolean },
): readonly StreamRun[] {
  const pages = Math.ceil(LZ4_WORK_MEMORY_BYTES / pageSizeBytes);
  return [
    { name: 'buffer', kind: FrameKind.buffer, pages: BUFFER_PAGES },
    ...(workMemory ? [{ name: 'workMemory', kind: FrameKind.workMemory, pages } as const] : []),
    ...(localCopy ? [{ name: 'localCopy', kind: FrameKind.localCopy, pages: 1 } as const] : []),
  ];
}

/** Frames of a stream that is made of these runs. */
export function streamFrames(runs: readonly StreamRun[]): number {
  return runs.reduce((sum, run) => sum + run.pages, 0);
}

export interface Stream {
  /** Two pages for the compressed form. */
  readonly target: PhysicalAddress;
  /** LZ4_WORK_MEMORY_BYTES for the compressor; the buffer itself where the algorithm's context is not the machine's. */
  readonly workMemory: PhysicalAddress;
  /** A page; absent before Linux 6.15. */
  readonly localCopy?: PhysicalAddress | undefined;
  /** Where its lock is, if one keeps others off it: the writers' and, apart from it, the readers'. */
  readonly lock?: LockWord | undefined;
  readonly readLock?: LockWord | undefined;
}

/** One stream that all writes of a CPU take, while no change of streams is counted (HeaderW.streamChanges). */
export interface StreamPlace {
  readonly stream: Stream;
  /** To be held while it is used; absent where preemption must be off instead. */
  readonly lock?: LockWord | undefined;
}

/** Streams for one algorithm of a device, or for all of them. Any CPU. */
export interface CompressStreams {
  /** A stream, or undefined when `take` must be asked instead. */
  tryTake(cpu: Cpu): Stream | undefined;
  /** A stream, after waiting for it where that is the design's way; undefined, with nothing held, where the CPU has none. */
  take(cpu: Cpu): Suspending<Stream | undefined>;
  /** Gives back; false when `give` must finish it. */
  tryGive(cpu: Cpu, stream: Stream): boolean;
  give(cpu: Cpu, stream: Stream): Suspending<void>;
  /**
   * What all writes of a CPU take; undefined while there is no stream, 'list' where it may be another one each time. Nobody is kept
   * off meanwhile: the answer holds if no change is counted once the lock is held, or preemption off.
   */
  placeOf(cpu: CpuId): StreamPlace | 'list' | undefined;
}
