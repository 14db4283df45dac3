import { describe, expect, test } from 'vitest';
import { groupTotals, objectTotal } from '../../../src/renderer/words/group-totals.ts';
import { momentRows, percpuDesigns, sharedCallSites } from '../../../src/renderer/words/percpu-figure-rows.ts';
import { percpuSettingsLine, withSetting } from '../../../src/renderer/words/percpu-settings-words.ts';
import { usualPercpuSettings } from '../../../src/shared/percpu-settings.ts';
import { profileFieldErrors } from '../../../src/shared/profile.ts';
import {
  samplePercpuFigures,
  samplePercpuProfile,
  samplePercpuSummaries,
  samplePercpuWorkload,
} from '../sample-percpu.ts';

describe('what a group comes to', () => {
  test('counts objects and their sizes rounded up to 4', () => {
    expect(groupTotals(samplePercpuWorkload().objects)).toEqual({ objects: 4, bytes: 3 * 8 + 128 });
    expect(objectTotal({ number: 72, sizeBytes: 128 })).toBe(9216);
  });

  test('is no number while one of them is none', () => {
    const objects = [{ callSite: 'a', number: NaN, sizeBytes: 8, alignBytes: 8 }];
    expect(groupTotals(objects)).toEqual({ objects: NaN, bytes: NaN });
  });
});

describe('settings of per-CPU memory', () => {
  const usual = usualPercpuSettings(4096);

  test('stand in one line', () => {
    expect(percpuSettingsLine(usual, true, false)).toBe('x86-64, Linux 6.18, first chunk auto, as usual');
    expect(percpuSettingsLine({ ...usual, nodes: 4 }, false, true)).toBe('x86-64, Linux 6.18, 4 nodes');
  });

  test('are changed one at a time, and what is left open has no entry', () => {
    const reserved = withSetting(usual, 'reservedBytes', 20_000);
    expect(reserved).toEqual({ ...usual, reservedBytes: 20_000 });
    expect(withSetting(reserved, 'kernel', '2.6.27')).toEqual({ ...usual, reservedBytes: 20_000, kernel: '2.6.27' });
    expect(Object.keys(withSetting(reserved, 'reservedBytes', undefined))).not.toContain('reservedBytes');
  });

  test('that cannot be read are refused in words at their field', () => {
    const profile = samplePercpuProfile();
    const percpu = withSetting(usual, 'limitBytes', NaN);
    const errors = profileFieldErrors({ ...profile, machine: { ...profile.machine, percpu } });
    expect(errors.map(({ field }) => field)).toEqual(['machine.percpu.limitBytes']);
  });
});

describe('what a percpu run leaves', () => {
  test('is one row per figure with a pair of values per design', () => {
    const rows = momentRows(percpuDesigns(samplePercpuSummaries()));
    expect(rows.map(({ title, values }) => [title, ...values.flatMap(({ atFull, atEnd }) => [atFull, atEnd])])).toEqual(
      [
        ['objects', '400', '0', '400', '0'],
        ['live, of one CPU', '14.8 KiB', '0 B', '14.8 KiB', '0 B'],
        ['populated', '64 KiB', '64 KiB', '128 KiB', '128 KiB'],
        ['address space', '2 MiB', '2 MiB', '4 MiB', '4 MiB'],
        ['bookkeeping', '3 KiB', '3 KiB', '6 KiB', '6 KiB'],
        ['chunks', '3', '1', '6', '2'],
      ],
    );
  });

  test('is nothing for designs of other workloads', () => {
    const others = samplePercpuSummaries().map((summary) => ({ ...summary, percpu: undefined }));
    expect(percpuDesigns(others)).toEqual([]);
  });

  test('has one table of call sites where designs agree, and two where they do not', () => {
    const designs = percpuDesigns(samplePercpuSummaries());
    expect(sharedCallSites(designs).map((table) => table.designs)).toEqual([['embed', 'page']]);
    const figures = { ...samplePercpuFigures(), callSites: [] };
    const differing = sharedCallSites([...designs.slice(0, 1), { design: 'page', figures }]);
    expect(differing.map((table) => [table.designs, table.rows.length])).toEqual([
      [['embed'], 2],
      [['page'], 0],
    ]);
  });
});
