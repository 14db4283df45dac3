/** Counted buffers of two layouts, as the 2024 experiment finds them. */
import type { BufferCount, BufferCountRow } from '../../src/shared/buffer-count.ts';

export function sampleBufferCount(): BufferCount {
  const row = (changes: Partial<BufferCountRow>): BufferCountRow => ({
    layout: 'per-cpu-global',
    protection: 'local-lock',
    cpus: 12,
    streams: 2,
    devices: 1,
    bufferPages: 24,
    workMemoryPages: 60,
    localCopyPages: 0,
    recordBytes: 32,
    ...changes,
  });
  return {
    paper: [
      { says: 'a buffer each: 48 pages', layout: 'per-stream', devices: 1, paperPages: 48, labPages: 48 },
      { says: 'and a wrong one', layout: 'per-cpu-global', devices: 8, paperPages: 25, labPages: 24 },
    ],
    rows: [
      row({}),
      row({ devices: 8 }),
      row({ layout: 'per-stream', bufferPages: 48, recordBytes: 64 }),
      row({ layout: 'per-stream', devices: 8, bufferPages: 384, workMemoryPages: 480, recordBytes: 512 }),
    ],
  };
}
