import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseIoStat, parseMmStat } from '../../src/shared/zram-stat-text.ts';
import { IO_STAT_COLUMNS, MM_STAT_COLUMNS } from '../../src/shared/zram-stat.ts';
import { errorOf, valueOf } from '../main/lab/small-lab.ts';

/** As Linux 6.18 printed it for 64 MiB of a program file on lz4. */
const PRINTED = '67108864 41626898 43905024        0 43905024      468        0      179      179\n';

describe('mm_stat', () => {
  it('is read as the kernel prints it', () => {
    expect(valueOf(parseMmStat(PRINTED))).toEqual({
      orig_data_size: 67108864,
      compr_data_size: 41626898,
      mem_used_total: 43905024,
      mem_limit: 0,
      mem_used_max: 43905024,
      same_pages: 468,
      pages_compacted: 0,
      huge_pages: 179,
      huge_pages_since: 179,
    });
  });

  it('of an older kernel lacks the last columns, of a newer one has more', () => {
    expect(valueOf(parseMmStat('4096 100 4096 0 4096 0 7'))).toMatchObject({ pages_compacted: 7, huge_pages: 0 });
    expect(valueOf(parseMmStat('1 2 3 4 5 6 7 8 9 10 11'))).toMatchObject({ huge_pages: 8, huge_pages_since: 9 });
  });

  it('comes back as it was printed, whatever the numbers and the blanks', () => {
    const number = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
    fc.assert(
      fc.property(fc.array(number, { minLength: 9, maxLength: 9 }), fc.integer({ min: 1, max: 12 }), (row, width) => {
        const text = `${row.map((each) => String(each).padStart(width)).join(' ')}\n`;
        const stat = valueOf(parseMmStat(text));
        expect(MM_STAT_COLUMNS.map((column) => stat[column])).toEqual(row);
      }),
    );
  });

  it.each([
    '',
    'zram',
    '1 2 3 4 5 6',
    '1 2 3 4 5 6 7 eight 9',
    '1 2 3 4 5 6 -7 8 9',
    '1 2 3 4 5 6 99999999999999999999',
  ])('is not %j', (text) => {
    expect(errorOf(parseMmStat(text))).toEqual({
      code: 'bad-input',
      message: `'${text}' is not what mm_stat prints: 9 whole numbers`,
    });
  });
});

describe('io_stat', () => {
  it('is read as the kernel prints it', () => {
    expect(valueOf(parseIoStat('       0        3        0       17\n'))).toEqual({
      failed_reads: 0,
      failed_writes: 3,
      invalid_io: 0,
      notify_free: 17,
    });
    expect(IO_STAT_COLUMNS).toHaveLength(4);
  });

  it('has four columns at least', () => {
    expect(errorOf(parseIoStat('1 2 3')).message).toBe("'1 2 3' is not what io_stat prints: 4 whole numbers");
  });
});
