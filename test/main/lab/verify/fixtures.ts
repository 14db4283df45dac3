/** Rounds with figures that are easy to reckon with. */
import { compareSides, summariseSide, type VerifyRun } from '../../../../src/main/lab/verify/verify-summary.ts';
import type { DirectionFigures, Environment } from '../../../../src/shared/run-record.ts';
import type { VerifyCodec, VerifyComparison, VerifyReport } from '../../../../src/shared/verify-report.ts';
import type { MmStat } from '../../../../src/shared/zram-stat.ts';

const EMPTY_MM_STAT: MmStat = {
  orig_data_size: 0,
  compr_data_size: 0,
  mem_used_total: 0,
  mem_limit: 0,
  mem_used_max: 0,
  same_pages: 0,
  pages_compacted: 0,
  huge_pages: 0,
  huge_pages_since: 0,
};

function direction(megabytesPerSecond: number): DirectionFigures {
  const latencyNs = { mean: 4e6 / megabytesPerSecond, p50: 1000, p90: 2000, p99: 3000, p999: 4000, max: 5000 };
  return {
    operations: 1,
    bytes: 4096,
    durationNs: 1,
    megabytesPerSecond,
    operationsPerSecond: (megabytesPerSecond * 1e6) / 4096,
    latencyNs,
    lockWaitNs: 0,
    lockWaitShare: 0,
    lockContentions: 0,
  };
}

const NO_MEMORY = {
  originalBytes: 0,
  compressedBytes: 0,
  poolBytes: 0,
  bufferBytes: 0,
  workMemoryBytes: 0,
  percpuAreaBytes: 0,
  slotTableBytes: 0,
  ioBufferBytes: 0,
  usedBytes: 0,
  totalBytes: 0,
};

/** A run that wrote and read at these rates, 10^6 bytes per second. */
export function run(write: number, read: number, mmStat: Partial<MmStat> = {}): VerifyRun {
  return {
    figures: {
      write: direction(write),
      read: direction(read),
      memoryAtEnd: NO_MEMORY,
      memoryAtPeak: NO_MEMORY,
      verifiedPages: 1,
    },
    mmStat: { ...EMPTY_MM_STAT, ...mmStat },
  };
}

const KERNEL_MEMORY = { orig_data_size: 8192, compr_data_size: 5000, mem_used_total: 8192 };
const LAB_MEMORY = { orig_data_size: 8192, compr_data_size: 5025, mem_used_total: 4096 };

/** The kernel's side of rounds that wrote at these rates, as in `reportOf`. */
export function kernelOf(rates: readonly number[]): VerifyReport['kernel'] {
  const runs = rates.map((rate) => run(rate, 2 * rate, KERNEL_MEMORY));
  const io_stat = { failed_reads: 0, failed_writes: 0, invalid_io: 0, notify_free: 0 };
  return { ...summariseSide(runs), io_stat, callNs: 550 };
}

/** The lab beside it. */
export function compareOf(kernelRates: readonly number[], codec: VerifyCodec): VerifyComparison {
  const kernel = kernelRates.map((rate) => run(rate, 2 * rate, KERNEL_MEMORY));
  const lab = kernelRates.map((rate) => run(0.9 * rate, 1.98 * rate, LAB_MEMORY));
  return compareSides(kernel, lab, codec);
}

/**
 * The report of one round per rate of `kernelRates` (of writes, MB/s; reads are twice as fast). The lab wrote 0.9 times and
 * read 0.99 times as fast, and two columns of memory differ.
 */
export function reportOf(kernelRates: readonly number[], environment: Environment): VerifyReport {
  const comparison = compareOf(kernelRates, 'lz4');
  return {
    ...comparison,
    kernel: kernelOf(kernelRates),
    codecs: [comparison],
    outcome: 'complete',
    data: { description: '1 file, all 8192 bytes', pages: 2, bytes: 8192 },
    jobs: 1,
    pageSizeBytes: 4096,
    blockBytes: 4096,
    rounds: kernelRates.length,
    environment,
    warnings: [],
    notes: ['One.', 'Two.'],
  };
}
