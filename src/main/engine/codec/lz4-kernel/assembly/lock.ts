/**
 * The lock of src/main/machine/sync/lock.ts, for the machine: what is an atomic instruction here is the call of a builtin through
 * V8's Atomics. A word is known by its index.
 */
const FREE: u32 = 0;
const LOCKED: u32 = 1;

/** Takes a lock that is free; whether it was. The first look is a plain one, so as not to disturb the holder. */
export function tryLock(word: u32): bool {
  const at = (<usize>word) << 2;
  return load<u32>(at) == FREE && atomic.cmpxchg<u32>(at, FREE, LOCKED) == FREE;
}

/** Releases a lock; what its word held before. */
export function unlock(word: u32): u32 {
  return atomic.xchg<u32>((<usize>word) << 2, 0);
}
