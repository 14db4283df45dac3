/** The store of compressed objects, as a device sees it. */
import type { ObjectSpan } from '../codec.ts';
import type { Cpu, Suspending } from '../cpu.ts';
import type { LockWord, PoolHandle } from '../units.ts';

/** An allocation that the quick way did not serve. */
export interface PoolRequest {
  /** 1 … page size. */
  readonly bytes: number;
  /** The lock of whoever will hold the object: a slot. */
  readonly owner: LockWord;
  /** Whether it may take the frames that are reserved for those that must not sleep. */
  readonly maySleep: boolean;
  /** Filled with where the object lies. */
  readonly span: ObjectSpan;
}

export interface Pool {
  /** Data of this many bytes and more is better stored as a whole page. */
  readonly hugeThresholdBytes: number;
  /**
   * The quick way to allocate, never sleeping: NO_HANDLE, with nothing done, when `allocate` must be asked instead. Arguments
   * as in `PoolRequest`.
   */
  tryAllocate(cpu: Cpu, bytes: number, owner: LockWord, span: ObjectSpan): PoolHandle;
  /** Room for an object; NO_HANDLE when the machine's memory does not suffice. Takes pool and zone locks. */
  allocate(cpu: Cpu, request: PoolRequest): Suspending<PoolHandle>;
  /** The quick way to give an object back; false, with nothing done, when `free` must be asked instead. */
  tryFree(cpu: Cpu, handle: PoolHandle): boolean;
  /**
   * Gives an object back. The caller is the only one to know the handle, or holds the lock of the object's owner. Throws when
   * it is not allocated.
   */
  free(cpu: Cpu, handle: PoolHandle): Suspending<void>;
  /** Where the first `bytes` of an object's data lie, until the lock of its owner is given back. */
  locate(handle: PoolHandle, bytes: number, span: ObjectSpan): void;
}

/**
 * Those who hold objects, as compaction sees them. An object carries the lock word of its owner; whoever holds that lock may
 * rely on the object's place, so compaction moves an object only when it gets the lock at the first attempt.
 */
export interface ObjectOwners {
  /** Whether the owner, whose lock the caller holds, holds the object at `location`: not so before it is entered. */
  holds(owner: LockWord, location: PoolHandle): boolean;
  /** The object that the owner holds is at `location` from now on. Under the owner's lock. */
  moved(owner: LockWord, location: PoolHandle): void;
}
