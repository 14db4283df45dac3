/**
 * Time series of bounded size for the live charts.
 *
 *   slot   0    1    2    3    …  capacity − 1        slot = floor(atMs / slotMs)
 *   sum    s00  s01  s02            per column, row-major
 *   count  n00  n01  n02            0: no value, the line breaks here
 *
 * When a time lies beyond the last slot, neighbours are merged and slotMs doubles: a run of any length keeps its whole
 * course at half the resolution, and charts never get more than `capacity` points a line.
 */

/** Seconds since the start, and the mean of the slot; NaN ends a stretch of values, so that a line breaks there. */
export type TimePoint = readonly [seconds: number, value: number];

/** Columns of values over one time axis. */
export interface TimeColumns {
  /** Adds one value per column at a time in milliseconds since the start; undefined leaves a gap. */
  readonly push: (atMs: number, values: readonly (number | undefined)[]) => void;
  /** Breaks all lines between what was pushed and what will be: a slot gets values of both only where breaks are closer than slots. */
  readonly breakLines: () => void;
  /** One column's points in time order with a NaN between values that do not follow each other. */
  readonly points: (column: number) => readonly TimePoint[];
  /** Width of a slot at present. */
  readonly slotMs: () => number;
}

interface Shape {
  readonly columns: number;
  /** Slots; even. */
  readonly capacity: number;
  /** Width of a slot at first: the interval between events. */
  readonly slotMs: number;
}

/** An empty series. */
export function createTimeColumns({ columns, capacity, slotMs: firstSlotMs }: Shape): TimeColumns {
  const sums = new Float64Array(columns * capacity);
  const counts = new Uint32Array(columns * capacity);
  /** First slots of stretches, ascending; the first stretch begins with the first slot. */
  let breaks: number[] = [0];
  let slotMs = firstSlotMs;
  let slots = 0;

  function push(atMs: number, values: readonly (number | undefined)[]): void {
    if (values.length !== columns) throw new Error(`expected ${columns} values, got ${values.length}`);
    while (slotOf(atMs) >= capacity) halve();
    const slot = slotOf(atMs);
    slots = Math.max(slots, slot + 1);
    values.forEach((value, column) => {
      if (value !== undefined) add(slot * columns + column, value, 1);
    });
  }

  /** Behind the last break, but never more than one slot late. */
  function slotOf(atMs: number): number {
    const slot = Math.max(0, Math.floor(atMs / slotMs));
    return Math.max(slot, Math.min(slot + 1, breaks.at(-1) ?? 0));
  }

  function add(index: number, sum: number, count: number): void {
    sums[index] = (sums[index] ?? 0) + sum;
    counts[index] = (counts[index] ?? 0) + count;
  }

  function breakLines(): void {
    if (breaks.at(-1) !== slots) breaks.push(slots);
  }

  function halve(): void {
    dropBeforeOddBreaks();
    for (let from = 0; from < slots; from += 1) {
      for (let column = 0; column < columns; column += 1) moveDown(from, Math.floor(from / 2), column);
    }
    slots = Math.ceil(slots / 2);
    breaks = [...new Set(breaks.map((slot) => Math.floor(slot / 2)))];
    slotMs *= 2;
  }

  /** The last slot of a stretch that would be merged with the first of the next one goes, unless it is all of its stretch. */
  function dropBeforeOddBreaks(): void {
    for (const slot of breaks) {
      if (slot % 2 === 0 || breaks.includes(slot - 1)) continue;
      sums.fill(0, (slot - 1) * columns, slot * columns);
      counts.fill(0, (slot - 1) * columns, slot * columns);
    }
  }

  function moveDown(fromSlot: number, toSlot: number, column: number): void {
    const from = fromSlot * columns + column;
    const sum = sums[from] ?? 0;
    const count = counts[from] ?? 0;
    sums[from] = 0;
    counts[from] = 0;
    add(toSlot * columns + column, sum, count);
  }

  function points(column: number): readonly TimePoint[] {
    const result: TimePoint[] = [];
    let lastSlot = -1;
    let nextBreak = 0;
    for (let slot = 0; slot < slots; slot += 1) {
      const index = slot * columns + column;
      const count = counts[index] ?? 0;
      if (count === 0) continue;
      const startsAnew = (breaks[nextBreak] ?? Infinity) <= slot;
      while ((breaks[nextBreak] ?? Infinity) <= slot) nextBreak++;
      // An empty slot may only mean that an event came a little late; two in a row are a gap.
      if (lastSlot >= 0 && (startsAnew || slot - lastSlot > 2)) result.push([((lastSlot + 1) * slotMs) / 1000, NaN]);
      result.push([(slot * slotMs) / 1000, (sums[index] ?? 0) / count]);
      lastSlot = slot;
    }
    return result;
  }

  return { push, breakLines, points, slotMs: () => slotMs };
}
