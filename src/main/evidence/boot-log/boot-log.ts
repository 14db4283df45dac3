/**
 * What a boot log says about the per-CPU area, as it says it. Nothing is computed or judged here.
 *
 * Lines are numbered from 1, in the text as it was given; a message that was wrapped has the number of its first line.
 */
import type { MalformedLogLine } from '../../../shared/geometry-check.ts';

export interface BootLog {
  /** Every boot that says anything about the per-CPU area, in the order of the text. */
  readonly boots: readonly LoggedBoot[];
  /** Lines that should have said something and could not be read. */
  readonly malformed: readonly MalformedLogLine[];
}

export interface LoggedBoot {
  /** Of the first line that belongs to it. */
  readonly line: number;
  /** `6.8.0-45-generic`, from the `Linux version` line. */
  readonly kernelRelease?: string | undefined;
  readonly cpuCounts?: CpuCounts | undefined;
  /** From lines of other subsystems: RCU, SLUB. */
  readonly otherNrCpuIds?: Stated<number> | undefined;
  readonly announcement?: Announcement | undefined;
  readonly allocation?: Allocation | undefined;
  /** The group map, line by line. */
  readonly map: readonly MapLine[];
  /** Messages on why a page first chunk was taken. */
  readonly fallback: readonly Stated<string>[];
}

export interface Stated<T> {
  readonly line: number;
  readonly value: T;
}

/** `setup_percpu: NR_CPUS:8192 nr_cpumask_bits:4 nr_cpu_ids:4 nr_node_ids:1`; x86 alone prints it. */
export interface CpuCounts {
  readonly line: number;
  readonly nrCpus: number;
  readonly nrCpumaskBits: number;
  readonly nrCpuIds: number;
  readonly nrNodeIds: number;
}

/** The line with the pages per CPU, in one of three forms. Sizes in bytes. */
export type Announcement =
  | {
      readonly form: 'embed';
      readonly line: number;
      readonly pagesPerCpu: number;
      readonly staticBytes: number;
      readonly reservedBytes: number;
      readonly dynamicBytes: number;
      /** Absent where the line was cut. */
      readonly unitBytes?: number | undefined;
      /** `PERCPU:`, up to Linux 4.5; `percpu:` since. */
      readonly capitals: boolean;
    }
  | {
      readonly form: 'page';
      readonly line: number;
      readonly pagesPerCpu: number;
      readonly pageSizeBytes: number;
      readonly staticBytes: number;
      readonly reservedBytes: number;
      readonly dynamicBytes: number;
      readonly capitals: boolean;
    }
  | {
      /** Linux 2.6.30: no more than these two figures. */
      readonly form: 'embed-2.6.30';
      readonly line: number;
      readonly pagesPerCpu: number;
      readonly staticBytes: number;
      readonly capitals: boolean;
    };

/** `pcpu-alloc: s31808 r0 d21440 u53248 alloc=13*4096`. Sizes in bytes. */
export interface Allocation {
  readonly line: number;
  readonly staticBytes: number;
  readonly reservedBytes: number;
  readonly dynamicBytes: number;
  readonly unitBytes: number;
  readonly atoms: number;
  readonly atomBytes: number;
}

/** `pcpu-alloc: [0] 0 1 2 3 [1] 4 5 - -`. */
export interface MapLine {
  readonly line: number;
  /** From the first `[` on, single blanks. */
  readonly text: string;
  readonly allocs: readonly LoggedAlloc[];
}

export interface LoggedAlloc {
  readonly group: number;
  /** CPU of each unit; undefined for an unused one. */
  readonly units: readonly (number | undefined)[];
  /** Digits or dashes that each unit is printed with. */
  readonly width: number;
}
