/**
 * The statistics of a device in the words of the kernel: the text that reading its sysfs and debugfs files would give, from
 * the arena alone. Any thread, without stopping anybody.
 *
 * mm_stat, io_stat and debug_stat are as a device on Linux 6.18 prints them; the others as the kernel's documentation shows
 * them (the build at hand has neither writeback, nor block_state, nor the class table).
 */
import type { Arena } from '../memory/arena.ts';
import { readDeviceStatistics } from './device-statistics.ts';
import { readPoolClasses } from './pool-classes.ts';
import { SLOT_HUGE, SLOT_IDLE, SLOT_INCOMPRESSIBLE, SLOT_SAME, Slots } from './slots.ts';

/** Numbers right-aligned, a blank between them. */
function columns(values: readonly (number | string)[], widths: readonly number[]): string {
  return values.map((value, at) => String(value).padStart(widths[at] ?? widths.at(-1) ?? 0)).join(' ');
}

/** orig, compr, used, limit, max in bytes; same, compacted, huge, huge since in pages. */
export function mmStatText(arena: Arena, device: number): string {
  const figures = readDeviceStatistics(arena, device);
  const { pageSizeBytes } = arena.config;
  const values = [
    figures.pagesStored * pageSizeBytes,
    figures.compressedBytes,
    figures.poolPages * pageSizeBytes,
    figures.limitPages * pageSizeBytes,
    figures.poolPagesMax * pageSizeBytes,
    figures.samePages,
    figures.pagesCompacted,
    figures.hugePages,
    figures.hugePagesSince,
  ];
  return `${columns(values, [8])}\n`;
}

/** Failed reads and writes in requests, a constant 0, and pages whose freeing was announced. */
export function ioStatText(arena: Arena, device: number): string {
  const { failedReads, failedWrites, notifyFree } = readDeviceStatistics(arena, device);
  return `${columns([failedReads, failedWrites, 0, notifyFree], [8, 8, 1, 8])}\n`;
}

/** Pages on, read from and written to the backing device, which this machine's zram never has. */
export function bdStatText(): string {
  return `${columns([0, 0, 0], [8])}\n`;
}

/** Write stalls, of which a kernel with one allocation stage prints a bare 0, and free notifications that were missed. */
export function debugStatText(arena: Arena, device: number): string {
  const { writeStalls, missedFrees } = readDeviceStatistics(arena, device);
  const firstWidth = arena.zram.allocationStages === 'two' ? 8 : 1;
  return `version: 1\n${columns([writeStalls, missedFrees], [firstWidth, 8])}\n`;
}

/**
 * A line for each slot with content: its number, the time of its last access, six letters or dots. The machine has no clock
 * and keeps no times, so all are 0, as in a kernel built without them.
 */
export function blockStateText(arena: Arena, device: number): string {
  const slots = new Slots(arena, device);
  const lines: string[] = [];
  for (let slot = 0; slot < arena.slotCount; slot++) {
    const lock = slots.lock(slot);
    if (!slots.hasContent(lock)) continue;
    const flags = slots.flags(lock);
    const letter = (flag: number, name: string): string => ((flags & flag) === 0 ? '.' : name);
    const letters = [
      letter(SLOT_SAME, 's'),
      '.',
      letter(SLOT_HUGE, 'h'),
      letter(SLOT_IDLE, 'i'),
      slots.priority(lock) > 0 ? 'r' : '.',
      letter(SLOT_INCOMPRESSIBLE, 'n'),
    ];
    lines.push(`${columns([slot, '0.000000'], [12, 12])} ${letters.join('')}\n`);
  }
  return lines.join('');
}

const CLASS_WIDTHS = [5, 5, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 13, 10, 10, 16, 8];
const GROUP_HEADS = ['10%', '20%', '30%', '40%', '50%', '60%', '70%', '80%', '90%', '99%', '100%'];
const CLASS_HEADS = ['class', 'size', ...GROUP_HEADS, 'obj_allocated', 'obj_used', 'pages_used'];

/** The class table of a device's pool: zspages by use, objects and pages of each class, then the sums. */
export function classesText(arena: Arena, device: number): string {
  const rows = readPoolClasses(arena, device).map((row) => [
    row.kernelIndex,
    row.objectBytes,
    ...row.zspagesByTenth,
    row.allocatedObjects,
    row.usedObjects,
    row.pagesUsed,
    row.pagesPerZspage,
    row.freeablePages,
  ]);
  const sumOf = (at: number): number => rows.reduce((sum, row) => sum + (row[at] ?? 0), 0);
  const sums = CLASS_WIDTHS.map((_, at) => (at === CLASS_WIDTHS.length - 2 ? '' : sumOf(at)));
  const total = columns(['Total', '', ...sums.slice(2)], CLASS_WIDTHS);
  const head = columns([...CLASS_HEADS, 'pages_per_zspage', 'freeable'], CLASS_WIDTHS);
  const lines = rows.map((row) => ` ${columns(row, CLASS_WIDTHS)}\n`).join('');
  return ` ${head}\n${lines}\n ${total}\n`;
}
