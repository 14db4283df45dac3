/**
 * A summary of free runs, from the written rules alone: a table of cases in plain objects. Part of the plain allocator, which
 * shares no line with the one under test.
 */

/** In cells, relative to the span. */
export interface PlainSummary {
  readonly span: number;
  firstFree: number;
  contig: number;
  contigStart: number;
  scan: number;
  scanStart: number;
  left: number;
  right: number;
}

export function freshSummary(span: number): PlainSummary {
  return { span, firstFree: 0, contig: span, contigStart: 0, scan: 0, scanStart: 0, left: span, right: span };
}

/** Zero bits below the lowest one. */
function zeroBitsBelow(value: number): number {
  let bits = 0;
  for (let rest = value; rest % 2 === 0; rest /= 2) bits += 1;
  return bits;
}

/** Distance up to the next multiple. */
export function pad(position: number, align: number): number {
  const over = position % align;
  return over === 0 ? 0 : align - over;
}

/** Takes in the whole free run [start, end). */
export function absorbRun(summary: PlainSummary, start: number, end: number): void {
  const length = end - start;
  summary.firstFree = Math.min(summary.firstFree, start);
  if (start === 0) summary.left = length;
  if (end === summary.span) summary.right = length;
  const { contig: C, contigStart: c, scan: S, scanStart: p } = summary;
  const becomeContig = (): void => {
    summary.contig = length;
    summary.contigStart = start;
  };
  const becomeScan = (): void => {
    summary.scan = length;
    summary.scanStart = start;
  };
  if (length > C && start > c && C > S) {
    summary.scan = C;
    summary.scanStart = c;
    becomeContig();
  } else if (length > C && start > c) {
    if (start < p) summary.scan = 0;
    becomeContig();
  } else if (length > C) {
    summary.scan = 0;
    becomeContig();
  } else if (length === C && c !== 0 && (start === 0 || zeroBitsBelow(start) > zeroBitsBelow(c))) {
    summary.contigStart = start;
    if (start < p && C > S) summary.scan = 0;
  } else if (length === C) {
    if (start > p || C > S) becomeScan();
  } else if (start < c && (length > S || (length === S && start > p))) {
    becomeScan();
  }
}

/** Where a search for so many cells begins. */
export function entryOf({ scan, scanStart, contigStart, firstFree }: PlainSummary, cells: number): number {
  return scan > 0 && contigStart > scanStart && cells > scan ? scanStart + scan : firstFree;
}

/** Whether the run of `length` at `start` shares a cell with [from, end). */
export function shares(start: number, length: number, from: number, end: number): boolean {
  return Math.max(start, from) < Math.min(start + length, end);
}

/** The scan hint, if there is one and it may be used, becomes the contig hint; answers with where the rescan begins. */
export function beginRescan(summary: PlainSummary, mayPromote: boolean): number {
  if (mayPromote && summary.scan > 0) {
    summary.contig = summary.scan;
    summary.contigStart = summary.scanStart;
    summary.scan = 0;
    return summary.contigStart + summary.contig;
  }
  summary.contig = 0;
  return summary.firstFree;
}
