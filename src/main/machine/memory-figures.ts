/** The machine's memory, read from the arena's own counters. Any thread, without stopping anybody. */
import type { MemoryFigures } from '../../shared/run-record.ts';
import type { Arena } from './memory/arena.ts';
import { FrameKind, ZoneW } from './memory/arena-layout.ts';
import { readDeviceStatistics, readPeaks } from './zram/device-statistics.ts';

/** What is in use now, in bytes. While CPUs run, the columns are of slightly different moments. */
export function memoryFigures(arena: Arena): MemoryFigures {
  return read(arena, { byKind: ZoneW.byKind, usedFrames: ZoneW.usedFrames }, readDeviceStatistics);
}

/**
 * The most that was ever in use, in bytes, each column on its own: peaks of different columns may be of different moments.
 * The first two columns are sums of the devices' peaks.
 */
export function peakMemoryFigures(arena: Arena): MemoryFigures {
  return read(arena, { byKind: ZoneW.byKindPeak, usedFrames: ZoneW.usedFramesPeak }, readPeaks);
}

function read(
  arena: Arena,
  fields: { readonly byKind: number; readonly usedFrames: number },
  contents: (arena: Arena, device: number) => { readonly pagesStored: number; readonly compressedBytes: number },
): MemoryFigures {
  const pageSize = arena.config.pageSizeBytes;
  const zone = arena.zoneWord();
  const ofKind = (kind: FrameKind): number => arena.word(zone + fields.byKind + kind) * pageSize;
  let pagesStored = 0;
  let compressedBytes = 0;
  for (let device = 0; device < arena.config.devices; device++) {
    const held = contents(arena, device);
    pagesStored += held.pagesStored;
    compressedBytes += held.compressedBytes;
  }
  return {
    originalBytes: pagesStored * pageSize,
    compressedBytes,
    poolBytes: ofKind(FrameKind.pool),
    bufferBytes: ofKind(FrameKind.buffer),
    workMemoryBytes: ofKind(FrameKind.workMemory) + ofKind(FrameKind.localCopy),
    percpuAreaBytes: ofKind(FrameKind.percpu) + ofKind(FrameKind.percpuBig),
    slotTableBytes: ofKind(FrameKind.slotTable),
    ioBufferBytes: ofKind(FrameKind.ioBuffer),
    usedBytes: arena.word(zone + fields.usedFrames) * pageSize,
    totalBytes: arena.frameCount * pageSize,
  };
}
