/** Counts under a lock as a LiveCpu waits for it: takes it if it is free, else sleeps until its holder wakes it. */
import { workerData } from 'node:worker_threads';
import { atomicsLockWords, lockWordsOf } from '../../../../src/main/engine/live/lock-words.ts';
import { SLEEP_VALUE, tryLockAsWaiter, wakesAfter } from '../../../../src/main/machine/sync/lock.ts';
import { COUNTED_LOCK, COUNTED_WORD, type LockTask } from './lock-task.ts';

const { memory, codec, byModule, turns } = workerData as LockTask;
const words = new Int32Array(memory.buffer);
const locks = byModule ? lockWordsOf(codec, memory) : atomicsLockWords(words);

for (let turn = 0; turn < turns; turn++) {
  if (locks.tryLock(COUNTED_LOCK) === 0) {
    while (!tryLockAsWaiter(words, COUNTED_LOCK)) Atomics.wait(words, COUNTED_LOCK, SLEEP_VALUE);
  }
  words[COUNTED_WORD] = (words[COUNTED_WORD] ?? 0) + 1;
  if (wakesAfter(COUNTED_LOCK, locks.unlock(COUNTED_LOCK))) Atomics.notify(words, COUNTED_LOCK, 1);
}
