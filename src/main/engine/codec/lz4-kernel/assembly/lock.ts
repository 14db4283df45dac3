/**
 * The lock of src/main/machine/sync/lock.ts, word for word, for the machine: what is an atomic instruction here is the call of a
 * builtin through V8's Atomics. Words are known by their index. A release here pairs with the `or` of the next holder, whether that
 * comes from here or from there, and the other way round.
 */
const LOCKED: u32 = 1;

/** Takes a lock that is free; whether it was. The first look is a plain one, so as not to disturb the holder. */
export function tryLock(word: u32): bool {
  const at = (<usize>word) << 2;
  return (load<u32>(at) & LOCKED) == 0 && (atomic.or<u32>(at, LOCKED) & LOCKED) == 0;
}

/** Releases a lock; what its word held before. */
export function unlock(word: u32): u32 {
  return atomic.xchg<u32>((<usize>word) << 2, 0);
}
