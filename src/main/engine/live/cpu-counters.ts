/** What the CPU blocks of an arena say, read from outside while CPUs run. */
import type { Arena } from '../../machine/memory/arena.ts';
import { CpuF64, CpuW } from '../../machine/memory/arena-layout.ts';
import { Operation, OPERATION_WORDS } from '../../machine/operation.ts';
import { LOCK_CLASS_COUNT } from '../../machine/cpu.ts';
import { type CpuId, cpuId } from '../../machine/units.ts';

/** Totals since boot. */
export interface CpuCounters {
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly lockWaitNs: number;
  /** Of waits that have ended: asleep. */
  readonly lockSleepNs: number;
  readonly lockContentions: number;
  readonly isFinished: boolean;
}

function readCpuCounters(arena: Arena, cpu: CpuId): CpuCounters {
  const block = arena.cpuWord(cpu);
  const double = (field: number): number => arena.double(block / 2 + field);
  let lockWaitNs = 0;
  let lockContentions = 0;
  for (let lockClass = 0; lockClass < LOCK_CLASS_COUNT; lockClass++) {
    lockWaitNs += double(CpuF64.lockWaitNs + lockClass);
    lockContentions += arena.word(block + CpuW.contentions + lockClass);
  }
  const waitingSinceMs = double(CpuF64.waitingSinceMs);
  const waitInHandMs =
    waitingSinceMs === 0 ? 0 : Math.max(0, performance.timeOrigin + performance.now() - waitingSinceMs);
  return {
    readBytes: double(CpuF64.readBytes),
    writtenBytes: double(CpuF64.writtenBytes),
    lockWaitNs: lockWaitNs + waitInHandMs * 1e6,
    lockSleepNs: double(CpuF64.lockSleepNs),
    lockContentions,
    isFinished: arena.word(block + CpuW.operation) === Operation.finished,
  };
}

/** Counters of all online CPUs, in order. Any thread; while CPUs run, of slightly different moments. */
export function readAllCpuCounters(arena: Arena): readonly CpuCounters[] {
  return Array.from({ length: arena.config.onlineCpus }, (_, cpu) => readCpuCounters(arena, cpuId(cpu)));
}

/** What a CPU was at, in words: for the sentence about one that died. */
export function describeOperation(arena: Arena, cpu: CpuId): string {
  const block = arena.cpuWord(cpu);
  const place = `page ${arena.word(block + CpuW.slot)} of zram${arena.word(block + CpuW.device)}`;
  const operation = arena.word(block + CpuW.operation) as Operation;
  const words = OPERATION_WORDS[operation];
  if (operation === Operation.idle || operation === Operation.finished) return `between requests, after ${place}`;
  const isRequest = [Operation.read, Operation.write, Operation.discard].some((each) => each === operation);
  return isRequest ? `during the ${words} of ${place}` : `during ${words}, after ${place}`;
}

/** Of all CPUs together, between two looks. */
export function countedSince(
  before: readonly CpuCounters[],
  now: readonly CpuCounters[],
  value: (counters: CpuCounters) => number,
): number {
  const sum = (all: readonly CpuCounters[]): number => all.reduce((added, counters) => added + value(counters), 0);
  return sum(now) - sum(before);
}
