import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { LiveCpu } from '../../../../src/main/engine/live/live-cpu.ts';
import { describeOperation, readAllCpuCounters } from '../../../../src/main/engine/live/cpu-counters.ts';
import { complete, CpuHalted, LockClass } from '../../../../src/main/machine/cpu.ts';
import type { Arena } from '../../../../src/main/machine/memory/arena.ts';
import { CpuF64, CpuW, DeviceW, HeaderW } from '../../../../src/main/machine/memory/arena-layout.ts';
import { Operation } from '../../../../src/main/machine/operation.ts';
import { LOCKED, WAITERS } from '../../../../src/main/machine/sync/lock.ts';
import { cpuId, lockWord } from '../../../../src/main/machine/units.ts';
import { makeMachine } from '../../machine/fixtures/make-machine.ts';
import { SizedCodec } from '../../machine/fixtures/sized-pages.ts';

function cpuUnderTest(id = 1) {
  const { arena } = makeMachine({ bufferLayout: 'single-mutex', devices: 2 });
  const cpu = new LiveCpu(arena, cpuId(id), new SizedCodec(arena));
  const lock = lockWord(arena.deviceWord(0) + DeviceW.mutex);
  return { arena, cpu, lock };
}

function countersOf(arena: Arena, cpu = 1) {
  const counters = readAllCpuCounters(arena)[cpu];
  if (counters === undefined) throw new Error(`CPU ${cpu} is not online`);
  return counters;
}

describe('a lock that is free', () => {
  it('is had at once and given back without waking anybody', () => {
    const { arena, cpu, lock } = cpuUnderTest();
    expect(cpu.tryLock(lock)).toBe(true);
    expect(cpu.tryLock(lock)).toBe(false);
    cpu.unlock(lock);
    expect(arena.word(lock)).toBe(0);
    expect(countersOf(arena)).toMatchObject({ lockContentions: 0, lockWaitNs: 0 });
  });
});

describe('a lock that is held', () => {
  it('is waited for until its holder, another thread, gives it back; the wait is counted under its class', async () => {
    const { arena, cpu, lock } = cpuUnderTest();
    arena.words[lock] = LOCKED;
    // Holds the lock until somebody sleeps on it.
    const holder = new Worker(
      `const { workerData: { buffer, lock, waiters } } = require('node:worker_threads');
       const words = new Int32Array(buffer);
       while ((Atomics.load(words, lock) & waiters) === 0);
       Atomics.store(words, lock, 0);
       Atomics.notify(words, lock, 1);`,
      { eval: true, workerData: { buffer: arena.buffer, lock, waiters: WAITERS } },
    );
    const exited = new Promise((resolve) => holder.on('exit', resolve));
    await new Promise((resolve) => holder.on('online', resolve));
    complete(cpu.lock(lock, LockClass.slot));
    expect(arena.word(lock) & LOCKED).toBe(LOCKED);
    const block = arena.cpuWord(cpuId(1));
    expect(arena.word(block + CpuW.contentions + LockClass.slot)).toBe(1);
    expect(arena.word(block + CpuW.contentions + LockClass.zone)).toBe(0);
    expect(arena.double(block / 2 + CpuF64.lockWaitNs + LockClass.slot)).toBeGreaterThan(0);
    expect(arena.double(block / 2 + CpuF64.waitingSinceMs)).toBe(0);
    const { lockSleepNs, lockWaitNs } = countersOf(arena);
    expect(lockSleepNs).toBeGreaterThan(0);
    expect(lockSleepNs).toBeLessThan(lockWaitNs);
    cpu.unlock(lock);
    expect(arena.word(lock)).toBe(0);
    await exited;
  });

  it('that is free again while the CPU looks is waited for awake', () => {
    const { arena, lock } = cpuUnderTest();
    let looks = 0;
    const locks = { tryLock: () => (++looks > 100 ? 1 : 0), unlock: () => LOCKED };
    const cpu = new LiveCpu(arena, cpuId(1), new SizedCodec(arena), { locks });
    complete(cpu.lock(lock, LockClass.slot));
    expect(countersOf(arena).lockWaitNs).toBeGreaterThan(0);
    expect(countersOf(arena).lockSleepNs).toBe(0);
  });

  it('is given up when the machine is halted', () => {
    const { arena, cpu, lock } = cpuUnderTest();
    arena.words[lock] = LOCKED;
    Atomics.store(arena.words, HeaderW.halt, 1);
    expect(() => {
      complete(cpu.lock(lock, LockClass.deviceMutex));
    }).toThrow(CpuHalted);
  });
});

describe('a wait queue', () => {
  const emptyQueue = () => {
    const { arena, cpu } = cpuUnderTest();
    const word = lockWord(arena.deviceWord(0) + DeviceW.noneIdle);
    arena.words[word] = LOCKED;
    return { arena, cpu, word };
  };

  it('is slept on until another thread clears its word and wakes one; the wait is counted under its class', async () => {
    const { arena, cpu, word } = emptyQueue();
    // Clears the word when the CPU says that it waits, and wakes it then.
    const waker = new Worker(
      `const { workerData: { buffer, word, waiting } } = require('node:worker_threads');
       const words = new Int32Array(buffer);
       const doubles = new Float64Array(buffer);
       while (doubles[waiting] === 0);
       Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
       Atomics.store(words, word, 0);
       Atomics.notify(words, word, 1);`,
      {
        eval: true,
        workerData: { buffer: arena.buffer, word, waiting: arena.cpuWord(cpuId(1)) / 2 + CpuF64.waitingSinceMs },
      },
    );
    const exited = new Promise((resolve) => waker.on('exit', resolve));
    await new Promise((resolve) => waker.on('online', resolve));
    complete(cpu.sleepOn(word, LockClass.deviceMutex));
    expect(arena.word(word), 'nobody took anything').toBe(0);
    const block = arena.cpuWord(cpuId(1));
    expect(arena.word(block + CpuW.contentions + LockClass.deviceMutex)).toBe(1);
    expect(arena.double(block / 2 + CpuF64.lockWaitNs + LockClass.deviceMutex)).toBeGreaterThan(0);
    expect(arena.double(block / 2 + CpuF64.waitingSinceMs)).toBe(0);
    expect(countersOf(arena).lockSleepNs).toBeGreaterThan(0);
    await exited;
  });

  it('that holds something lets the CPU go on at once', () => {
    const { arena, cpu, word } = emptyQueue();
    arena.words[word] = 0;
    complete(cpu.sleepOn(word, LockClass.deviceMutex));
    cpu.wakeOne(word);
    expect(arena.word(word)).toBe(0);
  });

  it('is given up when the machine is halted', () => {
    const { arena, cpu, word } = emptyQueue();
    Atomics.store(arena.words, HeaderW.halt, 1);
    expect(() => {
      complete(cpu.sleepOn(word, LockClass.deviceMutex));
    }).toThrow(CpuHalted);
  });
});

describe('preemption', () => {
  it('is counted and never asks to reschedule, because jobs of a CPU take turns between batches only', () => {
    const { arena, cpu } = cpuUnderTest();
    const count = (): number => arena.word(arena.cpuWord(cpuId(1)) + CpuW.preemptCount);
    cpu.preemptDisable();
    cpu.preemptDisable();
    expect(count()).toBe(2);
    expect([cpu.preemptEnable(), cpu.preemptEnable()]).toEqual([false, false]);
    expect(count()).toBe(0);
    expect(cpu.shouldPause()).toBe(false);
    complete(cpu.reschedule());
    complete(cpu.pause());
  });
});

describe('the counters of a CPU, seen from outside', () => {
  it('have one entry per online CPU and keep them apart', () => {
    const { arena } = makeMachine({ possibleCpus: 4, onlineCpus: 3 });
    arena.doubles[arena.cpuWord(cpuId(2)) / 2 + CpuF64.writtenBytes] = 8192;
    arena.doubles[arena.cpuWord(cpuId(2)) / 2 + CpuF64.readBytes] = 4096;
    const waits = { lockWaitNs: 0, lockSleepNs: 0, lockContentions: 0 };
    const none = { readBytes: 0, writtenBytes: 0, ...waits, isFinished: false };
    expect(readAllCpuCounters(arena)).toEqual([none, none, { ...none, readBytes: 4096, writtenBytes: 8192 }]);
  });

  it('sum up waits of all classes, and add the one in hand', () => {
    const { arena } = cpuUnderTest();
    const block = arena.cpuWord(cpuId(1));
    arena.doubles[block / 2 + CpuF64.lockWaitNs + LockClass.slot] = 100;
    arena.doubles[block / 2 + CpuF64.lockWaitNs + LockClass.zone] = 20;
    arena.words[block + CpuW.contentions + LockClass.slot] = 2;
    arena.words[block + CpuW.contentions + LockClass.zone] = 1;
    expect(countersOf(arena)).toMatchObject({ lockWaitNs: 120, lockContentions: 3 });
    arena.doubles[block / 2 + CpuF64.waitingSinceMs] = performance.timeOrigin + performance.now() - 1000;
    expect(countersOf(arena).lockWaitNs).toBeGreaterThanOrEqual(1e9);
  });

  it('say when it has finished its phase', () => {
    const { arena } = cpuUnderTest();
    arena.words[arena.cpuWord(cpuId(1)) + CpuW.operation] = Operation.finished;
    expect(readAllCpuCounters(arena).map((counters) => counters.isFinished)).toEqual([false, true, false, false]);
  });
});

describe('what a CPU was at', () => {
  const WORDS = [
    { operation: Operation.write, words: 'during the write of page 9 of zram1' },
    { operation: Operation.read, words: 'during the read of page 9 of zram1' },
    { operation: Operation.discard, words: 'during the discard of page 9 of zram1' },
    { operation: Operation.idle, words: 'between requests, after page 9 of zram1' },
    { operation: Operation.finished, words: 'between requests, after page 9 of zram1' },
  ];

  it.each(WORDS)('is told as "$words"', ({ operation, words }) => {
    const { arena } = cpuUnderTest();
    const block = arena.cpuWord(cpuId(1));
    arena.words[block + CpuW.operation] = operation;
    arena.words[block + CpuW.device] = 1;
    arena.words[block + CpuW.slot] = 9;
    expect(describeOperation(arena, cpuId(1))).toBe(words);
  });
});
