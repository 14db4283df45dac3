/**
 * The result of comparing a boot log with the geometry that follows from it.
 *
 * Figures are computed from what the log states, so `inputs` says what was taken from it; only what is not among the inputs
 * is evidence. Sizes in bytes, lines from 1.
 */

/** A line of a log that should have said something and could not be read. */
export interface MalformedLogLine {
  readonly line: number;
  /** One sentence. */
  readonly message: string;
}

/**
 * `match`: geometry and map were printed, and all figures are those that follow. `differs`: at least one is not.
 * `incomplete`: nothing differs, but something that would have to be compared is not in the log.
 */
export type GeometryVerdict = 'match' | 'differs' | 'incomplete';

/** What a log prints; computed figures have the same fields, each absent where the log does not print it. */
export interface GeometryFigures {
  readonly staticBytes?: number | undefined;
  readonly reservedBytes?: number | undefined;
  readonly dynamicBytes?: number | undefined;
  readonly pagesPerCpu?: number | undefined;
  readonly unitBytes?: number | undefined;
  /** An alloc is that many atoms: `alloc=N*M`. */
  readonly atoms?: number | undefined;
  readonly atomBytes?: number | undefined;
  /** CPUs of each group's units in order; undefined for an unused unit, which JSON shows as null. */
  readonly groupMap?: GroupMap | undefined;
  /** The map's lines from `[0]` on, without the blank at their end. */
  readonly mapLines?: readonly string[] | undefined;
}

/** A figure of which there is one number. */
export type GeometryNumber = Exclude<keyof GeometryFigures, 'groupMap' | 'mapLines'>;

export type GroupMap = readonly (readonly (number | undefined)[])[];

/** Something that the computation began with. */
export interface GeometryInput {
  readonly name: string;
  readonly value: string;
  /** Where it is from: the log, or an assumption and why. */
  readonly source: string;
}

export interface GeometryDifference {
  readonly figure: string;
  readonly computed: string;
  readonly printed: string;
  /** Of the log, where one line can be named. */
  readonly line?: number | undefined;
}

/** Whether the printed dynamic part is what the kernel's constants give; it decides no verdict, as vendors change them. */
export interface DynamicPartCheck {
  readonly outcome: 'explained' | 'unexplained' | 'not-checked';
  /** One sentence. */
  readonly reason: string;
}

export interface BootCheck {
  /** Where the boot begins in the log; in a collection of logs the line that holds the log. */
  readonly line: number;
  /** Name of the log in a collection, where it has one. Lines that sentences name are then those of that log's own text. */
  readonly record?: string | undefined;
  readonly kernelRelease?: string | undefined;
  readonly verdict: GeometryVerdict;
  readonly computed: GeometryFigures;
  readonly printed: GeometryFigures;
  /** Figures among the computed ones that are the log's own: they are inputs, and say nothing where they are equal. */
  readonly takenFromLog: readonly GeometryNumber[];
  readonly inputs: readonly GeometryInput[];
  readonly differences: readonly GeometryDifference[];
  /** What keeps an `incomplete` from being a match, in sentences. */
  readonly missing: readonly string[];
  /** What is odd but decides nothing. */
  readonly notes: readonly string[];
  readonly dynamicPart: DynamicPartCheck;
}

export interface FileCheck {
  readonly file: string;
  /** Of all boots the worst: `differs`, then `incomplete`. */
  readonly verdict: GeometryVerdict;
  /** Figures of the first boot that has the file's verdict; absent where no boot says anything. */
  readonly computed?: GeometryFigures | undefined;
  readonly printed?: GeometryFigures | undefined;
  readonly boots: readonly BootCheck[];
  readonly malformed: readonly MalformedLogLine[];
}
