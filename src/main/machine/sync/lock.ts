/**
 * The lock: bits 0 and 1 of a word in the arena that serves nothing else.
 *
 *     bit 0  LOCKED     somebody holds it
 *     bit 1  WAITERS    somebody may sleep on the word; the releaser must wake one
 *
 * A waiter that was woken takes the lock with WAITERS set, because it cannot know whether others still sleep. No queue, no
 * fairness: whoever comes first gets it, as with a futex. Each release (`Atomics.exchange`) pairs with the `Atomics.or` of the
 * next holder, which therefore sees all that was written under the lock. Engines may take a free lock and release one in another
 * way, to the same effect.
 */
import type { LockWord } from '../units.ts';

// As numbers of this module alone V8 compiles them into a write, while an export is looked up at every use.
const HELD = 1;
const AWAITED = 2;

/** Bit of a lock word: somebody holds it. */
export const LOCKED = HELD;
/** Bit of a lock word: somebody may sleep on it. */
export const WAITERS = AWAITED;
/** What a waiter sleeps on: held, and the releaser knows that somebody sleeps. */
export const SLEEP_VALUE = LOCKED | WAITERS;

/** One attempt; false when it is held. Any thread. The first look is a plain one, so as not to disturb the holder. */
export function tryLock(words: Int32Array, word: LockWord): boolean {
  return ((words[word] ?? HELD) & HELD) === 0 && (Atomics.or(words, word, HELD) & HELD) === 0;
}

/**
 * As `tryLock`, for a waiter that is about to sleep or has slept: WAITERS is set whatever the answer, so after false the word
 * holds SLEEP_VALUE until the holder releases it.
 */
export function tryLockAsWaiter(words: Int32Array, word: LockWord): boolean {
  return (Atomics.or(words, word, SLEEP_VALUE) & LOCKED) === 0;
}

/** Releases; true when a sleeper must be woken. Throws when the lock was not held: a broken invariant. */
export function unlock(words: Int32Array, word: LockWord): boolean {
  return wakesAfter(word, Atomics.exchange(words, word, 0));
}

/** Whether a sleeper must be woken after the release of a word that held `before`. Throws as `unlock`. */
export function wakesAfter(word: LockWord, before: number): boolean {
  if ((before & HELD) === 0) throw new Error(`lock word ${word} released while not held (value ${before})`);
  return (before & AWAITED) !== 0;
}
