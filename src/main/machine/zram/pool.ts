/** The store of compressed objects, as a device sees it. */
import type { ObjectSpan } from '../codec.ts';
import type { Cpu, Suspending } from '../cpu.ts';
import type { PoolHandle } from '../units.ts';

export interface Pool {
  /** Data of this many bytes and more is better stored as a whole page. */
  readonly hugeThresholdBytes: number;
  /** The quick way to allocate: NO_HANDLE, with nothing done, when `allocate` must be asked instead. */
  tryAllocate(cpu: Cpu, bytes: number, span: ObjectSpan): PoolHandle;
  /**
   * Room for `bytes` (1 … page size), and in `span` where it lies; NO_HANDLE when the machine's memory does not suffice.
   * Takes pool and zone locks.
   */
  allocate(cpu: Cpu, bytes: number, span: ObjectSpan): Suspending<PoolHandle>;
  /** The quick way to give an object back; false, with nothing done, when `free` must be asked instead. */
  tryFree(cpu: Cpu, handle: PoolHandle): boolean;
  /** Gives an object back. The caller is the only one to know the handle. Throws when it is not allocated. */
  free(cpu: Cpu, handle: PoolHandle): Suspending<void>;
  /** Where the first `bytes` of an object's data lie. No lock: an object stays where it is until freed. */
  locate(handle: PoolHandle, bytes: number, span: ObjectSpan): void;
  /** Page frames in use now. */
  pages(): number;
}
