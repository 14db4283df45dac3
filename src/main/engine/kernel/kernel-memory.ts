/** The kernel's mm_stat as memory figures of a sample. What mm_stat does not tell (buffers, tables, the rest of memory) is 0. */
import type { MemoryFigures } from '../../../shared/run-record.ts';
import type { MmStat, MmStatColumn } from '../../../shared/zram-stat.ts';

/** Bytes, all devices together; `hostBytes` is the memory that there is. */
export function memoryFromMmStat(devices: readonly MmStat[], hostBytes: number): MemoryFigures {
  const sum = (column: MmStatColumn): number => devices.reduce((total, stat) => total + stat[column], 0);
  return figures(
    { original: sum('orig_data_size'), compressed: sum('compr_data_size'), pool: sum('mem_used_total') },
    hostBytes,
  );
}

/** The highest figures that were seen; of the pool the kernel keeps the highest itself. */
export class PeakMemory {
  readonly #hostBytes: number;
  #original = 0;
  #compressed = 0;
  #pool = 0;

  constructor(hostBytes: number) {
    this.#hostBytes = hostBytes;
  }

  /** Takes note of `devices` and answers with the figures of now. */
  see(devices: readonly MmStat[]): MemoryFigures {
    const now = memoryFromMmStat(devices, this.#hostBytes);
    this.#original = Math.max(this.#original, now.originalBytes);
    this.#compressed = Math.max(this.#compressed, now.compressedBytes);
    const highestPool = devices.reduce((total, stat) => total + stat.mem_used_max, 0);
    this.#pool = Math.max(this.#pool, now.poolBytes, highestPool);
    return now;
  }

  /** The peaks, `devices` included. */
  with(devices: readonly MmStat[]): MemoryFigures {
    this.see(devices);
    return figures({ original: this.#original, compressed: this.#compressed, pool: this.#pool }, this.#hostBytes);
  }
}

function figures(
  { original, compressed, pool }: { original: number; compressed: number; pool: number },
  hostBytes: number,
): MemoryFigures {
  return {
    originalBytes: original,
    compressedBytes: compressed,
    poolBytes: pool,
    bufferBytes: 0,
    workMemoryBytes: 0,
    percpuAreaBytes: 0,
    slotTableBytes: 0,
    ioBufferBytes: 0,
    usedBytes: pool,
    totalBytes: hostBytes,
  };
}
