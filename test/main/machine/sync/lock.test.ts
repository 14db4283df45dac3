import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  LOCKED,
  SLEEP_VALUE,
  tryLock,
  tryLockAsWaiter,
  unlock,
  WAITERS,
} from '../../../../src/main/machine/sync/lock.ts';
import { lockWord } from '../../../../src/main/machine/units.ts';

const WORD = lockWord(1);

const STATES: Readonly<Record<string, number>> = { free: 0, locked: LOCKED, contended: SLEEP_VALUE };

function stateName(value: number): string {
  return Object.entries(STATES).find(([, state]) => state === value)?.[0] ?? 'waiters without a holder';
}

/** Every call in every state: what it answers and what it leaves. */
const TRANSITIONS = `
  state      call              answer   then
  free       tryLock           true     locked
  locked     tryLock           false    locked
  contended  tryLock           false    contended
  free       tryLockAsWaiter   true     contended
  locked     tryLockAsWaiter   false    contended
  contended  tryLockAsWaiter   false    contended
  free       unlock            throws   free
  locked     unlock            false    free
  contended  unlock            true     free`
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => {
    const [state = '', call = '', answer = '', then = ''] = line.trim().split(/\s+/);
    return { state, call, answer, then };
  });

const CALLS: Readonly<Record<string, (words: Int32Array) => string>> = {
  tryLock: (words) => String(tryLock(words, WORD)),
  tryLockAsWaiter: (words) => String(tryLockAsWaiter(words, WORD)),
  unlock: (words) => {
    try {
      return String(unlock(words, WORD));
    } catch {
      return 'throws';
    }
  },
};

function wordsWith(value: number): Int32Array {
  const words = new Int32Array(new SharedArrayBuffer(16));
  words[WORD] = value;
  return words;
}

describe('a lock word', () => {
  it.each(TRANSITIONS)('that is $state: $call answers $answer and leaves it $then', ({ state, call, answer, then }) => {
    const words = wordsWith(STATES[state] ?? 0);
    expect(CALLS[call]?.(words)).toBe(answer);
    expect(stateName(words[WORD] ?? 0)).toBe(then);
    expect([words[0], words[2]], 'the neighbouring words').toEqual([0, 0]);
  });

  it('holds the value to sleep on once a waiter was refused', () => {
    const words = wordsWith(LOCKED);
    expect(tryLockAsWaiter(words, WORD)).toBe(false);
    expect(Atomics.wait(words, WORD, SLEEP_VALUE, 0)).toBe('timed-out');
  });

  it('says which word was released while nobody held it, and with which value', () => {
    expect(() => unlock(wordsWith(0), WORD)).toThrow('lock word 1 released while not held (value 0)');
    expect(() => unlock(wordsWith(WAITERS), WORD)).toThrow(`released while not held (value ${WAITERS})`);
  });

  it('is never held twice, whatever is tried in whatever order', () => {
    const call = fc.constantFrom('tryLock', 'tryLockAsWaiter', 'unlock');
    fc.assert(
      fc.property(fc.array(call, { maxLength: 40 }), (calls) => {
        const words = wordsWith(0);
        let holders = 0;
        for (const each of calls) {
          if (each === 'unlock' && holders === 0) continue;
          const answer = CALLS[each]?.(words);
          if (each === 'unlock') holders -= 1;
          else if (answer === 'true') holders += 1;
          expect(holders).toBeLessThanOrEqual(1);
          expect((words[WORD] ?? 0) & LOCKED).toBe(holders);
        }
      }),
    );
  });
});

/** A thread that adds to a plain word under the lock; lost updates would show. Plain JavaScript, so that it runs as text. */
const ADDER = `
  const { workerData } = require('node:worker_threads');
  const { lockUrl, memory, rounds } = workerData;
  import(lockUrl).then(({ SLEEP_VALUE, tryLock, tryLockAsWaiter, unlock }) => {
    const words = new Int32Array(memory);
    for (let round = 0; round < rounds; round++) {
      if (!tryLock(words, 1)) {
        while (!tryLockAsWaiter(words, 1)) Atomics.wait(words, 1, SLEEP_VALUE);
      }
      words[2] = words[2] + 1;
      if (unlock(words, 1)) Atomics.notify(words, 1, 1);
    }
  });`;

describe('real threads', () => {
  it('lose no update and no wake-up under the lock', async () => {
    const memory = new SharedArrayBuffer(16);
    const lockUrl = new URL('../../../../src/main/machine/sync/lock.ts', import.meta.url).href;
    const rounds = 20_000;
    const exits = Array.from({ length: 3 }, () => {
      const worker = new Worker(ADDER, { eval: true, workerData: { lockUrl, memory, rounds } });
      return new Promise<number>((resolve, reject) => {
        worker.on('exit', resolve);
        worker.on('error', reject);
      });
    });
    expect(await Promise.all(exits)).toEqual([0, 0, 0]);
    const words = new Int32Array(memory);
    expect(words[2]).toBe(3 * rounds);
    expect(words[WORD]).toBe(0);
  });
});
