/**
 * How a thread takes a lock that is free, and releases it: by the compiled module where that reaches the arena, an atomic
 * instruction behind a call, else through Atomics.
 */
import { tryLock } from '../../machine/sync/lock.ts';
import type { LockWord } from '../../machine/units.ts';
import type { ArenaMemory } from '../codec/arena-memory.ts';
import { arenaModule } from '../codec/arena-module.ts';
import type { CodecParts } from '../codec/make-codec.ts';

/** The bits of a lock word are those of sync/lock.ts. */
export interface LockWords {
  /** One attempt: not 0 when the lock was free and is held now. */
  readonly tryLock: (word: LockWord) => number;
  /** Releases; what the word held before. */
  readonly unlock: (word: LockWord) => number;
}

/** For the calling thread alone. */
export function lockWordsOf({ module }: CodecParts, memory: ArenaMemory): LockWords {
  return arenaModule(module, memory) ?? atomicsLockWords(new Int32Array(memory.buffer));
}

export function atomicsLockWords(words: Int32Array): LockWords {
  return {
    tryLock: (word) => (tryLock(words, word) ? 1 : 0),
    unlock: (word) => Atomics.exchange(words, word, 0),
  };
}
