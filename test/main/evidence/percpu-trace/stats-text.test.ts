import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parsePercpuStats, printPercpuStats } from '../../../../src/main/evidence/percpu-trace/stats-text.ts';

const DATA = new URL('../../../../../shared/data/', import.meta.url);

describe('percpu_stats', () => {
  it('printed by a kernel is read and printed again, byte for byte', (context) => {
    const files = existsSync(DATA) ? readdirSync(DATA).filter((name) => name.includes('.stats-')) : [];
    context.skip(files.length === 0, 'no recorded percpu_stats beside the project');
    for (const file of files) {
      const text = readFileSync(new URL(file, DATA), 'utf8');
      const stats = parsePercpuStats(text);
      expect(stats.ok && printPercpuStats(stats.value)).toBe(text);
    }
  });

  it('has five kinds of headings', () => {
    const zeros = {
      liveObjects: 0,
      largestBytes: 0,
      emptyPages: 0,
      firstFreeCell: 0,
      freeBytes: 0,
      contigBytes: 0,
      fragmentBytes: 0,
      largestFragmentBytes: 0,
      smallestLiveBytes: 0,
      medianLiveBytes: 0,
      largestLiveBytes: 0,
    };
    const headings = ['reserved', 'first', 'ordinary', 'sidelined', 'to-depopulate'] as const;
    const text = printPercpuStats({
      info: { unitBytes: 1, staticBytes: 2, reservedBytes: 3, dynBytes: 4, atomBytes: 5, allocBytes: 6 },
      totals: {
        allocations: 0,
        frees: 0,
        liveObjects: 0,
        liveObjectsPeak: 0,
        chunks: 0,
        chunksPeak: 0,
        smallestBytes: 0,
        largestBytes: 0,
        emptyPages: 0,
      },
      chunks: headings.map((heading) => ({ heading, ...zeros })),
    });
    expect(text.split('\n').filter((line) => line.startsWith('Chunk'))).toEqual([
      'Chunk: <- Reserved Chunk',
      'Chunk: <- First Chunk',
      'Chunk:',
      'Chunk (sidelined):',
      'Chunk (to_depopulate)',
    ]);
    const read = parsePercpuStats(text);
    expect(read.ok && read.value.chunks.map(({ heading }) => heading)).toEqual(headings);
  });

  it('that lacks a part or a field is refused with its line', () => {
    for (const text of ['nonsense', 'Allocation Info:\n', 'Global Stats:\n']) {
      expect(parsePercpuStats(text)).toMatchObject({ ok: false, error: { code: 'bad-input' } });
    }
    const text = 'Allocation Info:\n----\n  unit_size           :      1048576\nGlobal Stats:\n';
    expect(parsePercpuStats(text)).toMatchObject({
      ok: false,
      error: { message: "'Allocation Info:' lacks static_size", where: 'line 1' },
    });
  });
});
