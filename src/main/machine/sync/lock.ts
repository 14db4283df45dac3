/**
 * The lock: bits 0 and 1 of a word in the arena. One implementation for mutexes (a word of their own) and for the bit
 * locks of zram slots (the two low bits of the slot's flag word, whose other bits only the holder may change).
 *
 *     bit 0  LOCKED     somebody holds it
 *     bit 1  WAITERS    somebody may sleep on the word; the releaser must wake one
 *
 * A waiter that was woken takes the lock with WAITERS set, because it cannot know whether others still sleep. No queue, no
 * fairness: whoever comes first gets it, as with a futex. Each release (`Atomics.and`) pairs with the successful
 * compareExchange of the next holder, which therefore sees all that was written under the lock.
 */
import type { LockWord } from '../units.ts';

/** Bit of a lock word: somebody holds it. */
export const LOCKED = 1;
/** Bit of a lock word: somebody may sleep on it. */
export const WAITERS = 2;
/** Bits of a lock word that belong to the lock; the rest is the owner's. */
export const LOCK_BITS = LOCKED | WAITERS;

/**
 * One attempt; false when it is held or a neighbour bit changed meanwhile. Any thread. The first look is a plain one: it may
 * be out of date, but then the compareExchange fails.
 */
export function tryLock(words: Int32Array, word: LockWord): boolean {
  const seen = words[word] ?? LOCKED;
  return (seen & LOCKED) === 0 && Atomics.compareExchange(words, word, seen, seen | LOCKED) === seen;
}

/** As `tryLock`, for a waiter that has slept: keeps WAITERS set. */
export function tryLockAsWaiter(words: Int32Array, word: LockWord): boolean {
  const seen = Atomics.load(words, word);
  return (seen & LOCKED) === 0 && Atomics.compareExchange(words, word, seen, seen | LOCK_BITS) === seen;
}

/**
 * Says that the caller is about to sleep. Answers with the value to sleep on, or undefined when the lock is free or the
 * word changed, and another attempt is due instead.
 */
export function announceWaiter(words: Int32Array, word: LockWord): number | undefined {
  const seen = Atomics.load(words, word);
  if ((seen & LOCKED) === 0) return undefined;
  const announced = seen | WAITERS;
  if (seen === announced) return announced;
  return Atomics.compareExchange(words, word, seen, announced) === seen ? announced : undefined;
}

/** Releases; true when a sleeper must be woken. Throws when the lock was not held: a broken invariant. */
export function unlock(words: Int32Array, word: LockWord): boolean {
  const before = Atomics.and(words, word, ~LOCK_BITS);
  if ((before & LOCKED) === 0) throw new Error(`lock word ${word} released while not held (value ${before})`);
  return (before & WAITERS) !== 0;
}
