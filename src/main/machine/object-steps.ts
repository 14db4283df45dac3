/**
 * The usual steps of an object on its way into a pool and a slot, each in one call, for CPUs whose engine has them compiled: what
 * Zspages.take and SlotContent.enterObject do, in the same order and with the same locks. What is not usual (a lock that is held, a
 * zspage that must be made, a slot with content) they leave alone, and the machine does it step by step.
 */
import type { LockWord, PhysicalAddress, PoolHandle } from './units.ts';

export interface ObjectSteps {
  /**
   * Takes an object of the size class at word `block`, whose zspages have `capacity` objects of `objectBytes` bytes, for `owner`, and
   * copies the `bytes` at `from` into it, up to 7 more. NO_HANDLE, with nothing done, where another way must be gone. Takes and gives
   * back the class lock.
   */
  readonly takeAndCopy: (
    ...args: [
      block: LockWord,
      objectBytes: number,
      capacity: number,
      owner: LockWord,
      from: PhysicalAddress,
      bytes: number,
    ]
  ) => PoolHandle;
  /**
   * Enters an object of `bytes` into a slot without content and counts it in the doubles from `counters` on (DeviceCounterF64). 0,
   * with nothing done, where another way must be gone. Takes and gives back the slot's lock.
   */
  readonly enterObject: (...args: [slot: LockWord, handle: PoolHandle, bytes: number, counters: number]) => number;
}
