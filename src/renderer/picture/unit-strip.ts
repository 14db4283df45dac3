/** The units of a chunk side by side, groups apart: where each is drawn. */
import type { PictureUnit } from '../../shared/percpu-picture.ts';

export interface StripUnit {
  readonly index: number;
  readonly x: number;
  readonly width: number;
}

const GROUP_GAP = 10;
const MOST_WIDTH = 110;

/** Left to right; units are as wide as the strip allows, at most MOST_WIDTH pixels with their gap. */
export function layOutStrip(units: readonly PictureUnit[], width: number): readonly StripUnit[] {
  const gaps = units.filter((unit, index) => index > 0 && unit.group !== units[index - 1]?.group).length;
  const pitch = Math.min(MOST_WIDTH, Math.max(2, (width - gaps * GROUP_GAP) / Math.max(1, units.length)));
  const gap = pitch > 8 ? 3 : pitch / 4;
  let x = 0;
  return units.map((unit, index) => {
    if (index > 0 && unit.group !== units[index - 1]?.group) x += GROUP_GAP;
    const placed = { index, x, width: pitch - gap };
    x += pitch;
    return placed;
  });
}

/** Index of the unit under a point; undefined between them. */
export function unitAt(strip: readonly StripUnit[], x: number): number | undefined {
  return strip.find((unit) => x >= unit.x - 1 && x <= unit.x + unit.width + 1)?.index;
}

/** Labels of units are this far apart at least, in pixels: three digits fit. */
const LABEL_PITCH = 26;

/** Indices of the units that are labelled: the selected one, and as many others as leave room between labels. */
export function labelledUnits(strip: readonly StripUnit[], selected: number): ReadonlySet<number> {
  const centreOf = ({ x, width }: StripUnit): number => x + width / 2;
  const chosen = strip.find(({ index }) => index === selected);
  const labelled = new Set<number>(chosen === undefined ? [] : [selected]);
  let last = -Infinity;
  for (const unit of strip) {
    const centre = centreOf(unit);
    const isFree = centre - last >= LABEL_PITCH;
    if (!isFree || (chosen !== undefined && Math.abs(centre - centreOf(chosen)) < LABEL_PITCH)) continue;
    labelled.add(unit.index);
    last = centre;
  }
  return labelled;
}

/** What share of each of `rows` equal slices of the unit is in use and populated, 0 … 1 each. */
export function sliceShares(
  chunk: {
    readonly fill: Uint8Array;
    readonly populated: Uint8Array;
    readonly unitStartBytes: number;
  },
  unit: { readonly unitBytes: number; readonly pageBytes: number; readonly rows: number },
): readonly { readonly used: number; readonly populated: number }[] {
  const { unitBytes, pageBytes, rows } = unit;
  const pages = unitBytes / pageBytes;
  const firstPage = Math.floor(chunk.unitStartBytes / pageBytes);
  return Array.from({ length: rows }, (_, row) => {
    const from = Math.floor((row * pages) / rows);
    const to = Math.max(from + 1, Math.floor(((row + 1) * pages) / rows));
    let used = 0;
    let populated = 0;
    for (let page = from; page < to; page++) {
      used += (chunk.fill[page - firstPage] ?? 0) / 255;
      populated += chunk.populated[page - firstPage] ?? 0;
    }
    return { used: used / (to - from), populated: populated / (to - from) };
  });
}
