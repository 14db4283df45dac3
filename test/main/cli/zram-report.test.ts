import { describe, expect, it } from 'vitest';
import { runDocument } from '../../../src/main/cli/run-document.ts';
import { zramReport } from '../../../src/main/cli/zram-report.ts';
import type { ZramDeviceState } from '../../../src/shared/zram-report.ts';
import { MEMORY, recordOf, sampleOf } from '../lab/run-record-fixtures.ts';

function device(mmStat: string): ZramDeviceState {
  return { mmStat, ioStat: '', debugStat: '', bdStat: '', classes: [] };
}

const AT_END = device('   16384     9496    20480        0    20480        1        0        1        1\n');
const COMPACTED = device('   16384     9496    12288        0    20480        1        2        1        1\n');
const SUMMARY = { design: 'single-mutex' as const, memoryAtEnd: MEMORY, memoryAtPeak: MEMORY };

describe('the zram part of a report', () => {
  it('is the mm_stat of the last sample of each design, and what was done to it', () => {
    const zram = {
      atEnd: [AT_END],
      afterwards: [
        {
          step: { do: 'compact' as const },
          pagesReleased: 2,
          pagesTried: 0,
          pagesRecompressed: 0,
          devices: [COMPACTED],
        },
      ],
    };
    const samples = [sampleOf('single-mutex', 1, 600), { ...sampleOf('single-mutex', 2, 600), zram }];
    const record = recordOf(samples, { designs: [SUMMARY] });
    const rows = zramReport(record)
      .split('\n')
      .map((line) => line.replaceAll(/ {2,}/g, ' | ').trim());
    expect(rows[0]).toMatch(/^mm_stat of the last repetition, bytes and pages \(counted\) \| orig_data /);
    expect(rows[1]).toBe('single mutex | 16384 | 9496 | 20480 | 0 | 20480 | 1 | 0 | 1 | 1');
    expect(rows[2]).toBe('| compacted: 2 pages released | 16384 | 9496 | 12288 | 0 | 20480 | 1 | 2 | 1 | 1');
    expect(runDocument(record).designs[0]?.zram).toEqual(zram);
  });

  it('names the devices where there are several', () => {
    const sample = { ...sampleOf('single-mutex', 1, 600), zram: { atEnd: [AT_END, COMPACTED], afterwards: [] } };
    const report = zramReport(recordOf([sample], { designs: [SUMMARY] }));
    expect(report).toContain('single mutex, zram0 ');
    expect(report).toContain('single mutex, zram1 ');
  });

  it('is nothing for records of before', () => {
    expect(zramReport(recordOf([sampleOf('single-mutex', 1, 600)], { designs: [SUMMARY] }))).toBe('');
  });

  it('says what recompression by a CPU of the machine did, gave and cost', () => {
    const recompress = {
      when: 'during' as const,
      passes: 3,
      pagesTried: 100,
      pagesRecompressed: 80,
      busyMs: 40.96,
      compressedBytes: { before: 2 << 20, after: 1 << 20 },
      poolBytes: { before: 4 << 20, after: 3 << 20 },
      jobsMBps: { direction: 'write' as const, without: 400, withIt: 300 },
    };
    const sample = { ...sampleOf('single-mutex', 1, 600), zram: { atEnd: [AT_END], afterwards: [], recompress } };
    expect(zramReport(recordOf([sample], { designs: [SUMMARY] }))).toContain(
      'single mutex: Recompression during the jobs: 80 of 100 tried pages, 10.00 MB/s while it was at it. ' +
        'Compressed 2.00 → 1.00 MiB (−50.0 %), pool 4.00 → 3.00 MiB (−25.0 %). ' +
        'Jobs: writes again, without and with it beside: 400 → 300 MB/s (−25.0 %).',
    );
  });
});
