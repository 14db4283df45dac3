/**
 * Reads the one line that `mm_stat` and `io_stat` of a zram device are.
 *
 *     mm_stat   orig_data_size compr_data_size mem_used_total mem_limit mem_used_max same_pages pages_compacted …
 *     io_stat   failed_reads failed_writes invalid_io notify_free
 *
 * Columns are separated by blanks. Kernels add columns at the end (mm_stat had seven up to 4.18 and eight up to 5.14): what
 * is not there is 0, what is beyond those known is passed over.
 */
import { fail, ok, type Result } from './result.ts';
import { IO_STAT_COLUMNS, type IoStat, MM_STAT_COLUMNS, type MmStat } from './zram-stat.ts';

/** Columns that every kernel with these files prints. */
const OLDEST_MM_STAT = 7;
const OLDEST_IO_STAT = 4;

/** Errors: 'bad-input' with the line. */
export function parseMmStat(text: string): Result<MmStat> {
  const numbers = numbersOf(text);
  if (numbers === undefined || numbers.length < OLDEST_MM_STAT) return fail('bad-input', notStat('mm_stat', text));
  const [orig, compr, used, limit, usedMax, same, compacted, huge, hugeSince] = numbers;
  return ok({
    orig_data_size: orig ?? 0,
    compr_data_size: compr ?? 0,
    mem_used_total: used ?? 0,
    mem_limit: limit ?? 0,
    mem_used_max: usedMax ?? 0,
    same_pages: same ?? 0,
    pages_compacted: compacted ?? 0,
    huge_pages: huge ?? 0,
    huge_pages_since: hugeSince ?? 0,
  });
}

/** Errors: 'bad-input' with the line. */
export function parseIoStat(text: string): Result<IoStat> {
  const numbers = numbersOf(text);
  if (numbers === undefined || numbers.length < OLDEST_IO_STAT) return fail('bad-input', notStat('io_stat', text));
  const [failedReads, failedWrites, invalidIo, notifyFree] = numbers;
  return ok({
    failed_reads: failedReads ?? 0,
    failed_writes: failedWrites ?? 0,
    invalid_io: invalidIo ?? 0,
    notify_free: notifyFree ?? 0,
  });
}

/** Undefined when a word is not a whole number that a double holds exactly. */
function numbersOf(text: string): readonly number[] | undefined {
  const words = text.trim().split(/\s+/);
  const numbers = words.map((word) => (/^\d+$/.test(word) ? Number(word) : NaN));
  return numbers.every(Number.isSafeInteger) ? numbers : undefined;
}

function notStat(name: 'mm_stat' | 'io_stat', text: string): string {
  const columns = name === 'mm_stat' ? MM_STAT_COLUMNS : IO_STAT_COLUMNS;
  return `'${text.trim()}' is not what ${name} prints: ${columns.length} whole numbers`;
}
