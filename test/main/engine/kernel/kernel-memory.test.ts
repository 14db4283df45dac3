import { describe, expect, it } from 'vitest';
import { memoryFromMmStat, PeakMemory } from '../../../../src/main/engine/kernel/kernel-memory.ts';
import { parseMmStat } from '../../../../src/shared/zram-stat-text.ts';
import { valueOf } from '../../lab/small-lab.ts';

const stat = (text: string) => valueOf(parseMmStat(text));
const HOST = 1 << 30;

describe("the kernel's memory figures", () => {
  it('are the sums over the devices, and 0 where mm_stat says nothing', () => {
    const figures = memoryFromMmStat([stat('8192 100 4096 0 4096 0 0 0 0'), stat('4096 50 8192 0 8192 0 0 0 0')], HOST);
    expect(figures).toEqual({
      originalBytes: 12288,
      compressedBytes: 150,
      poolBytes: 12288,
      bufferBytes: 0,
      workMemoryBytes: 0,
      percpuAreaBytes: 0,
      slotTableBytes: 0,
      ioBufferBytes: 0,
      usedBytes: 12288,
      totalBytes: HOST,
    });
  });

  it('have as peaks the highest that was seen, of the pool the highest that the kernel saw', () => {
    const peak = new PeakMemory(HOST);
    expect(peak.see([stat('8192 100 4096 0 20480 0 0 0 0')]).poolBytes).toBe(4096);
    expect(peak.with([stat('4096 300 4096 0 20480 0 0 0 0')])).toMatchObject({
      originalBytes: 8192,
      compressedBytes: 300,
      poolBytes: 20480,
    });
  });
});
