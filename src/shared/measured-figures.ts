/**
 * Which figures of a sample somebody measured. This host's kernel states three columns of memory (mm_stat) and not how long
 * its locks were waited for; its samples hold 0 there, and nobody is to be shown that as a figure.
 */
import type { Design } from './design.ts';
import type { Profile } from './profile.ts';
import type { DirectionFigures, MemoryFigures, RunRecord } from './run-record.ts';

/** What mm_stat does not say; the memory that the host has is known. */
const UNSTATED_BY_KERNEL: readonly string[] = [
  'bufferBytes',
  'workMemoryBytes',
  'percpuAreaBytes',
  'slotTableBytes',
  'ioBufferBytes',
  'usedBytes',
] satisfies readonly (keyof MemoryFigures)[];
const LOCK_FIGURES: readonly string[] = [
  'lockWaitNs',
  'lockWaitShare',
  'lockContentions',
] satisfies readonly (keyof DirectionFigures)[];

/** Whether `column` is counted under `design`: all are in a machine's own arena. */
export function isMemoryMeasured(design: Design, column: keyof MemoryFigures): boolean {
  return design !== 'kernel' || !UNSTATED_BY_KERNEL.includes(column);
}

/** What zram alone has use for. */
const OF_ZRAM: readonly (keyof MemoryFigures)[] = [
  'originalBytes',
  'compressedBytes',
  'poolBytes',
  'bufferBytes',
  'workMemoryBytes',
  'slotTableBytes',
  'ioBufferBytes',
];

/** Whether `column` is worth a look after such a workload: machines of percpu workloads have zram devices that nobody uses. */
export function isMemoryOfWorkload(kind: Profile['workload']['kind'], column: keyof MemoryFigures): boolean {
  return kind === 'fio' || !OF_ZRAM.includes(column);
}

/** Whether waiting for locks is measured under `design`. */
export function isLockWaitMeasured(design: Design): boolean {
  return design !== 'kernel';
}

/** The columns that were measured, bytes. */
export function measuredMemory(design: Design, memory: MemoryFigures): Partial<MemoryFigures> {
  if (design !== 'kernel') return memory;
  const { originalBytes, compressedBytes, poolBytes, totalBytes } = memory;
  return { originalBytes, compressedBytes, poolBytes, totalBytes };
}

/** A record as JSON for others to read, without the figures that nobody measured. */
export function recordText(record: RunRecord): string {
  if (record.engine !== 'kernel') return JSON.stringify(record, undefined, 2);
  const unmeasured = [...UNSTATED_BY_KERNEL, ...LOCK_FIGURES];
  return JSON.stringify(record, (key, value: unknown) => (unmeasured.includes(key) ? undefined : value), 2);
}
