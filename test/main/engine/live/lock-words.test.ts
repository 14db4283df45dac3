import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { allocateArena, type ArenaMemory } from '../../../../src/main/engine/codec/arena-memory.ts';
import { arenaModule, forgetArenaModule } from '../../../../src/main/engine/codec/arena-module.ts';
import { atomicsLockWords, lockWordsOf } from '../../../../src/main/engine/live/lock-words.ts';
import { LOCKED, SLEEP_VALUE } from '../../../../src/main/machine/sync/lock.ts';
import { lockWord } from '../../../../src/main/machine/units.ts';
import { CODECS } from '../../../../src/shared/codec.ts';
import { valueOf } from '../../lab/small-lab.ts';
import { codecParts } from '../codec/test-codecs.ts';
import { COUNTED_LOCK, COUNTED_WORD, type LockTask } from './lock-task.ts';

const GIB = 2 ** 30;

const ways = [
  { name: 'by the compiled module', locksOf: (memory: ArenaMemory) => lockWordsOf(codecParts('lz4-kernel'), memory) },
  { name: 'through Atomics', locksOf: ({ buffer }: ArenaMemory) => atomicsLockWords(new Int32Array(buffer)) },
];

function smallMemory(): ArenaMemory {
  return valueOf(allocateArena(65_536, 'lz4-kernel'));
}

describe('lock words', () => {
  it.each(ways)('are taken only when free and say on release what they held: $name', ({ locksOf }) => {
    const memory = smallMemory();
    const words = new Int32Array(memory.buffer);
    const { tryLock, unlock } = locksOf(memory);
    const word = lockWord(1000);
    expect([tryLock(word) !== 0, words[word]]).toEqual([true, LOCKED]);
    expect([tryLock(word) !== 0, words[word]]).toEqual([false, LOCKED]);
    expect([unlock(word), words[word]]).toEqual([LOCKED, 0]);
    expect([unlock(word), words[word]]).toEqual([0, 0]);
    words[word] = SLEEP_VALUE;
    expect([tryLock(word) !== 0, words[word]]).toEqual([false, SLEEP_VALUE]);
    expect([unlock(word), words[word]]).toEqual([SLEEP_VALUE, 0]);
    expect(words.every((value) => value === 0)).toBe(true);
  });

  it.each(CODECS)('are those of the module with %s, the last word of 4 GiB included', (codec) => {
    const memory = valueOf(allocateArena(4 * GIB - 1, codec));
    const words = new Int32Array(memory.buffer);
    const last = lockWord(words.length - 1);
    const parts = codecParts(codec);
    const locks = lockWordsOf(parts, memory);
    expect(locks).toBe(arenaModule(parts.module, memory));
    const { tryLock, unlock } = locks;
    expect(tryLock(last)).toBe(1);
    expect(words[last]).toBe(LOCKED);
    expect(unlock(last)).toBe(LOCKED);
    expect(words[last]).toBe(0);
  });

  it('go through Atomics where there is no module, or none that reaches the arena', () => {
    for (const memory of [smallMemory(), { buffer: new SharedArrayBuffer(4096) }]) {
      const isPlain = memory.wasm === undefined;
      const { tryLock } = lockWordsOf(isPlain ? codecParts('lz4') : { name: 'lz4' }, memory);
      expect(tryLock(lockWord(7))).toBe(1);
      expect(new Int32Array(memory.buffer)[7]).toBe(LOCKED);
    }
  });

  it('exclude each other whichever way two threads take them, sleepers included', async () => {
    const memory = smallMemory();
    const turns = 20_000;
    const counters = ways.map(({ name }) => {
      const task: LockTask = { memory, codec: codecParts('lz4-kernel'), byModule: name === ways[0]?.name, turns };
      return new Worker(new URL('./counting-worker.ts', import.meta.url), { workerData: task });
    });
    await Promise.all(counters.map((counter) => once(counter, 'exit')));
    const words = new Int32Array(memory.buffer);
    expect(words[COUNTED_WORD]).toBe(2 * turns);
    expect(words[COUNTED_LOCK]).toBe(0);
  });
});

describe('the module of an arena', () => {
  const { module } = codecParts('lz4-kernel');

  it('is the same for the same memory, also when that is sent again, and another for another one', () => {
    const memory = smallMemory();
    const ours = arenaModule(module, memory);
    expect(ours).toBeDefined();
    expect(arenaModule(module, structuredClone(memory))).toBe(ours);
    expect(arenaModule(module, smallMemory())).not.toBe(ours);
  });

  it('is forgotten when the thread is told so', () => {
    const memory = smallMemory();
    const ours = arenaModule(module, memory);
    forgetArenaModule();
    expect(arenaModule(module, memory)).not.toBe(ours);
  });

  it('is not there without the compiled code, nor over a plain arena', () => {
    expect(arenaModule(undefined, smallMemory())).toBeUndefined();
    expect(arenaModule(module, { buffer: new SharedArrayBuffer(4096) })).toBeUndefined();
  });
});
