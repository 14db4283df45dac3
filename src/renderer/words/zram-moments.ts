/** The zram devices of a run by design and moment: when the jobs had ended, and after each step that was done to them. */
import { counted } from '../../shared/counted.ts';
import type { Design } from '../../shared/design.ts';
import type { RunRecord } from '../../shared/run-record.ts';
import { STORED_BY, type StoredBy, type ZramDeviceState, type ZramReport } from '../../shared/zram-report.ts';
import { MM_STAT_COLUMNS, type MmStatColumn } from '../../shared/zram-stat.ts';
import { mmStatOf } from './zram-pool.ts';
import { zramStepExplanation, zramStepWords } from './zram-settings-words.ts';

/** What the last sample of a design says. */
export interface DesignZram {
  readonly design: Design;
  readonly report: ZramReport;
}

/** In the record's order; designs without a report are left out. */
export function zramDesigns({ designs, samples }: Pick<RunRecord, 'designs' | 'samples'>): readonly DesignZram[] {
  return designs.flatMap(({ design }) => {
    const report = samples.findLast((sample) => sample.design === design)?.zram;
    return report === undefined ? [] : [{ design, report }];
  });
}

export interface ZramMoment {
  readonly title: string;
  /** What the step means; absent: nothing to explain. */
  readonly explanation?: string | undefined;
  /** What came of the step; empty for the end of the jobs. */
  readonly outcome: string;
  readonly devices: readonly ZramDeviceState[];
}

/** The end of the jobs first, then step by step. */
export function zramMoments({ atEnd, afterwards }: ZramReport): readonly ZramMoment[] {
  const steps = afterwards.map(({ step, pagesReleased, pagesTried, pagesRecompressed, devices }) => {
    const outcome =
      step.do === 'recompress'
        ? `${pagesRecompressed} of ${counted(pagesTried, 'page')}`
        : `${counted(pagesReleased, 'page')} released`;
    return {
      title: zramStepWords(step),
      explanation: zramStepExplanation(step),
      outcome: step.do === 'idle' ? '' : outcome,
      devices,
    };
  });
  return [{ title: 'jobs ended', outcome: '', devices: atEnd }, ...steps];
}

/** A column of mm_stat, summed over the devices. */
export function mmStatSum(devices: readonly ZramDeviceState[], column: MmStatColumn): number {
  return devices.reduce((sum, device) => sum + (mmStatOf(device)?.[column] ?? 0), 0);
}

/** Every column, summed over the devices. */
export function mmStatSums(devices: readonly ZramDeviceState[]): readonly number[] {
  return MM_STAT_COLUMNS.map((column) => mmStatSum(devices, column));
}

export interface StoredSums {
  readonly by: StoredBy;
  readonly pages: number;
  readonly bytes: number;
}

/** Who made what is stored, summed over the devices, in the order of STORED_BY. */
export function storedSums(devices: readonly ZramDeviceState[]): readonly StoredSums[] {
  const shares = devices.flatMap(({ stored }) => stored ?? []);
  return STORED_BY.flatMap((by) => {
    const own = shares.filter((share) => share.by === by);
    if (own.length === 0) return [];
    const sum = (pick: 'pages' | 'bytes'): number => own.reduce((total, share) => total + share[pick], 0);
    return [{ by, pages: sum('pages'), bytes: sum('bytes') }];
  });
}
