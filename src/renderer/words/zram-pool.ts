/**
 * What the pages of a pool are filled with, class by class and in all.
 *
 *     zspage of a class   │ object in use │ object in use │ free object │ object in use │ tail │
 *                           header + data + rounding                                      no whole object fits
 *
 *     pool = data + headers and rounding + free objects + tails
 */
import type { ZramClass, ZramDeviceState } from '../../shared/zram-report.ts';
import { parseMmStat } from '../../shared/zram-stat-text.ts';
import type { MmStat } from '../../shared/zram-stat.ts';

/** A size class with what its pages are filled with, in bytes: they add up to the pages. */
export interface ClassRow extends ZramClass {
  readonly zspages: number;
  readonly inUseBytes: number;
  readonly freeBytes: number;
  readonly tailBytes: number;
  readonly pageBytes: number;
}

/** Of a machine that runs, counters are of slightly different moments: nothing is less than nothing. */
const atLeastZero = (value: number): number => Math.max(0, value);

/** The classes that hold something, smallest objects first. */
export function classRows(classes: readonly ZramClass[], pageSizeBytes: number): readonly ClassRow[] {
  return classes.map((each) => {
    const { objectBytes, usedObjects, allocatedObjects, pagesUsed, pagesPerZspage } = each;
    const pageBytes = pagesUsed * pageSizeBytes;
    return {
      ...each,
      zspages: pagesUsed / pagesPerZspage,
      inUseBytes: usedObjects * objectBytes,
      freeBytes: atLeastZero(allocatedObjects - usedObjects) * objectBytes,
      tailBytes: atLeastZero(pageBytes - allocatedObjects * objectBytes),
      pageBytes,
    };
  });
}

/** Where the pool's pages went, in bytes. */
export interface PoolAccount {
  readonly data: number;
  readonly rounding: number;
  readonly free: number;
  readonly tails: number;
  readonly pool: number;
}

/** Of one device; undefined of one that shows no classes. */
export function poolAccount(device: ZramDeviceState, pageSizeBytes: number): PoolAccount | undefined {
  const stat = mmStatOf(device);
  if (device.classes.length === 0 || stat === undefined) return undefined;
  const rows = classRows(device.classes, pageSizeBytes);
  const sum = (pick: (row: ClassRow) => number): number => rows.reduce((total, row) => total + pick(row), 0);
  return {
    data: stat.compr_data_size,
    rounding: atLeastZero(sum(({ inUseBytes }) => inUseBytes) - stat.compr_data_size),
    free: sum(({ freeBytes }) => freeBytes),
    tails: sum(({ tailBytes }) => tailBytes),
    pool: sum(({ pageBytes }) => pageBytes),
  };
}

/** The device's mm_stat; undefined when its text is none. */
export function mmStatOf({ mmStat }: ZramDeviceState): MmStat | undefined {
  const parsed = parseMmStat(mmStat);
  return parsed.ok ? parsed.value : undefined;
}

const GROUPS = ['10', '20', '30', '40', '50', '60', '70', '80', '90', '100'] as const;

/** A class's zspages by use in words: `4 below 30 %, 12 full`. */
export function fullnessWords(zspagesByTenth: readonly number[]): string {
  const words = zspagesByTenth.flatMap((count, group) => {
    if (count === 0) return [];
    return [group < GROUPS.length ? `${count} below ${GROUPS[group]} %` : `${count} full`];
  });
  return words.join(', ') || 'none';
}
