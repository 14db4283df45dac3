/** The machine's memory, read from the arena's own counters. Any thread, without stopping anybody. */
import type { MemoryFigures } from '../../shared/run-record.ts';
import type { Arena } from './memory/arena.ts';
import { DeviceI64, DeviceW, FrameKind, ZoneW } from './memory/arena-layout.ts';

interface Fields {
  readonly pagesStored: number;
  readonly compressedBytes: number;
  readonly byKind: number;
  readonly usedFrames: number;
}

const NOW: Fields = {
  pagesStored: DeviceW.pagesStored,
  compressedBytes: DeviceI64.compressedBytes,
  byKind: ZoneW.byKind,
  usedFrames: ZoneW.usedFrames,
};

const PEAK: Fields = {
  pagesStored: DeviceW.pagesStoredPeak,
  compressedBytes: DeviceI64.compressedBytesPeak,
  byKind: ZoneW.byKindPeak,
  usedFrames: ZoneW.usedFramesPeak,
};

/** What is in use now, in bytes. While CPUs run, the columns are of slightly different moments. */
export function memoryFigures(arena: Arena): MemoryFigures {
  return read(arena, NOW);
}

/**
 * The most that was ever in use, in bytes, each column on its own: peaks of different columns may be of different moments.
 * With several devices the first two columns are sums of the devices' peaks.
 */
export function peakMemoryFigures(arena: Arena): MemoryFigures {
  return read(arena, PEAK);
}

function read(arena: Arena, fields: Fields): MemoryFigures {
  const pageSize = arena.config.pageSizeBytes;
  const zone = arena.zoneWord();
  const ofKind = (kind: FrameKind): number => arena.word(zone + fields.byKind + kind) * pageSize;
  let pagesStored = 0;
  let compressedBytes = 0;
  for (let device = 0; device < arena.config.devices; device++) {
    const block = arena.deviceWord(device);
    pagesStored += Atomics.load(arena.words, block + fields.pagesStored);
    compressedBytes += Number(Atomics.load(arena.longs, block / 2 + fields.compressedBytes));
  }
  return {
    originalBytes: pagesStored * pageSize,
    compressedBytes,
    poolBytes: ofKind(FrameKind.pool),
    bufferBytes: arena.word(zone + ZoneW.bufferBytes),
    workMemoryBytes: arena.word(zone + ZoneW.workMemoryBytes),
    percpuAreaBytes: ofKind(FrameKind.percpu),
    slotTableBytes: ofKind(FrameKind.slotTable),
    usedBytes: arena.word(zone + fields.usedFrames) * pageSize,
    totalBytes: arena.frameCount * pageSize,
  };
}
