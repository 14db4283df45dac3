/**
 * The steps of a usual write that follow its codec, in one call, for CPUs whose engine has them compiled: what Zsmalloc, WritePath, the
 * design's streams, SlotContent and Requests do, with the same locks in the same order; but the bytes are copied before the pool's
 * limit is looked at. Where something is not usual (a lock that is held, a zspage that must be made, a pool beyond its limit, a slot
 * with content) it stops in front of that step, and the machine goes on.
 */
import type { LockWord, PhysicalAddress } from './units.ts';

/** What `finishWrite` answers when it went all the way: no handle, of which the smallest is that of an object in frame 1. */
export const WRITTEN = 1;

/** How a stream is given back that has no lock to be released: by having preemption on again; to the device's list. */
export const GIVE_PREEMPTION_ON = 0;
export const GIVE_TO_LIST = -1;

export interface WriteSteps {
  /**
   * Takes an object of the size class at word `block`, whose zspages have `capacity` objects of `objectBytes` bytes, for `slot`, and
   * copies the `bytes` at `from` there, up to 7 more, out of a stream's buffer. Gives that stream back (`giveBack`: the word
   * of its lock, or GIVE_…), enters the object into the slot and counts it in the doubles from `counters` on (DeviceCounterF64); when
   * `requestBytes` is not 0, counts the request in the CPU's block as well, and ends it. `cpu` and `device` are words of blocks.
   *
   * WRITTEN; 0 with nothing done; a handle when the object is taken and copied and the stream not given back; a handle's negative
   * when it was, and the slot is locked or has content. Takes one lock at a time: the class's, the list's, the slot's.
   */
  readonly finishWrite: (
    ...args: [
      cpu: number,
      device: number,
      counters: number,
      block: LockWord,
      objectBytes: number,
      capacity: number,
      slot: LockWord,
      from: PhysicalAddress,
      bytes: number,
      giveBack: number,
      requestBytes: number,
    ]
  ) => number;
}
