/** What a thread is given that counts under a lock of an otherwise empty memory. */
import type { ArenaMemory } from '../../../../src/main/engine/codec/arena-memory.ts';
import type { CodecParts } from '../../../../src/main/engine/codec/make-codec.ts';
import { lockWord } from '../../../../src/main/machine/units.ts';

export const COUNTED_LOCK = lockWord(64);
/** What the lock protects; counted by plain loads and stores. */
export const COUNTED_WORD = 128;

export interface LockTask {
  readonly memory: ArenaMemory;
  readonly codec: CodecParts;
  /** Whether free locks are taken and released by the compiled module, or through Atomics. */
  readonly byModule: boolean;
  readonly turns: number;
}
