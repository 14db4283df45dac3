import { describe, expect, test } from 'vitest';
import { heldCourses } from '../../../src/renderer/words/held-course.ts';
import { runningMomentWords } from '../../../src/renderer/words/running-moment.ts';
import {
  mmStatSum,
  mmStatSums,
  storedSums,
  zramDesigns,
  zramMoments,
} from '../../../src/renderer/words/zram-moments.ts';
import { classRows, fullnessWords, mmStatOf, poolAccount } from '../../../src/renderer/words/zram-pool.ts';
import { sampleDevice, sampleReport, zramRecord } from '../sample-zram.ts';

const PAGE = 4096;

describe('where the pages of a pool went', () => {
  test('adds up to the pages of the pool, class by class and in all', () => {
    const device = sampleDevice();
    const rows = classRows(device.classes, PAGE);
    for (const { inUseBytes, freeBytes, tailBytes, pageBytes, zspages, zspagesByTenth } of rows) {
      expect(inUseBytes + freeBytes + tailBytes).toBe(pageBytes);
      expect(zspagesByTenth.reduce((sum, count) => sum + count, 0)).toBe(zspages);
    }
    const account = poolAccount(device, PAGE);
    const { data = 0, rounding = 0, free = 0, tails = 0, pool = 0 } = account ?? {};
    expect(data + rounding + free + tails).toBe(pool);
    expect(pool).toBe(mmStatOf(device)?.mem_used_total);
    expect(data).toBe(mmStatOf(device)?.compr_data_size);
    // 22 objects have a header of 8 bytes, and sizes that their classes round up by 8 at most.
    expect(rounding).toBeGreaterThanOrEqual(20 * 8);
    expect(free).toBeGreaterThan(0);
  });

  test('of the class of 1568 bytes is what the facts say: 13 objects in 5 pages, 96 bytes of tail', () => {
    const [row] = classRows(sampleDevice(0).classes, PAGE).filter(({ objectBytes }) => objectBytes === 1568);
    expect(row).toMatchObject({ index: 96, pagesPerZspage: 5, allocatedObjects: 13, usedObjects: 10, zspages: 1 });
    expect(row?.tailBytes).toBe(5 * PAGE - 13 * 1568);
    expect(row?.freeBytes).toBe(3 * 1568);
  });

  test('is nothing less than nothing while counters change under the reader', () => {
    const device = sampleDevice();
    const [first] = device.classes;
    if (first === undefined) throw new Error('there is a class');
    const torn = { ...first, usedObjects: first.allocatedObjects + 3 };
    expect(classRows([torn], PAGE)[0]?.freeBytes).toBe(0);
    expect(classRows([{ ...first, pagesUsed: 0 }], PAGE)[0]?.tailBytes).toBe(0);
  });

  test('is not told of a device without classes or with a text that is no mm_stat', () => {
    const device = sampleDevice();
    expect(poolAccount({ ...device, classes: [] }, PAGE)).toBeUndefined();
    expect(poolAccount({ ...device, mmStat: 'what' }, PAGE)).toBeUndefined();
  });

  test('is said of the fullness of a class in words', () => {
    expect(fullnessWords([0, 0, 4, 0, 0, 0, 0, 0, 0, 1, 12])).toBe('4 below 30 %, 1 below 100 %, 12 full');
    expect(fullnessWords(Array.from({ length: 11 }, () => 0))).toBe('none');
  });
});

describe('the moments of a run', () => {
  const report = sampleReport();

  test('are the end of the jobs and every step with what came of it', () => {
    expect(zramMoments(report).map(({ title, outcome }) => [title, outcome])).toEqual([
      ['jobs ended', ''],
      ['mark all pages idle', ''],
      ['recompress all pages with zstd', '20 of 22 pages'],
      ['compact the pool', '4 pages released'],
    ]);
  });

  test('have the columns of mm_stat summed over the devices', () => {
    const two = [sampleDevice(), sampleDevice(0)];
    expect(mmStatSum(two, 'orig_data_size')).toBe((23 + 32) * PAGE);
    expect(mmStatSums(two)).toHaveLength(9);
    expect(mmStatSum([{ ...sampleDevice(), mmStat: '' }], 'orig_data_size')).toBe(0);
  });

  test('tell who made what, over all devices', () => {
    const [, , after] = zramMoments(report);
    expect(storedSums([...(after?.devices ?? []), ...(after?.devices ?? [])])).toEqual([
      { by: 'lz4', pages: 2, bytes: 1400 },
      { by: 'zstd', pages: 40, bytes: 18000 },
      { by: 'huge', pages: 2, bytes: 8192 },
      { by: 'same-filled', pages: 2, bytes: 0 },
    ]);
  });

  test('are those of the last sample of each design that has a report', () => {
    const record = zramRecord();
    expect(zramDesigns(record).map(({ design }) => design)).toEqual(['single-mutex', 'per-cpu-global']);
    const samples = record.samples.map(({ zram: _, ...sample }) => sample);
    expect(zramDesigns({ ...record, samples })).toEqual([]);
  });
});

describe('the course of a run', () => {
  test('is three lines a design over seconds, with the phases of the first', () => {
    const held = heldCourses(zramDesigns(zramRecord()));
    expect(held?.lines.map(({ design, kind }) => `${design} ${kind}`)).toEqual([
      'single-mutex original',
      'single-mutex compressed',
      'single-mutex pool',
      'per-cpu-global original',
      'per-cpu-global compressed',
      'per-cpu-global pool',
    ]);
    expect(held?.lines[2]?.points).toEqual([
      [0, 0],
      [1, 40_960],
      [2, 81_920],
      [3, 81_920],
    ]);
    expect(held?.phases).toEqual([
      { phase: 'write', seconds: 0 },
      { phase: 'read', seconds: 2 },
    ]);
    expect(held?.endSeconds).toBe(3);
  });

  test('is none in records of earlier versions', () => {
    const { course: _, ...report } = sampleReport();
    expect(heldCourses([{ design: 'single-mutex', report }])).toBeUndefined();
  });
});

test('a moment of a running machine is said in words', () => {
  const at = { design: 'single-mutex', repetition: 2, repetitions: 6, phase: 'write', atMs: 3100 } as const;
  expect(runningMomentWords(at)).toBe('single mutex, repetition 2 of 6, writing, after 3.1 s');
  expect(runningMomentWords({ ...at, repetition: 0 })).toContain('warm-up');
});
