/**
 * Where the bytes of a unit lie on a map of it: rows of pages, read like a text.
 *
 *     gutter      page 0   page 1   …  page n−1
 *     0 KiB      │████    │███  ██ │  │        │
 *     64 KiB     │        │        │  │        │
 */

/** A unit's map in pixels. */
export interface UnitMap {
  readonly pageBytes: number;
  readonly unitBytes: number;
  readonly pagesPerRow: number;
  readonly rows: number;
  readonly rowHeight: number;
  /** Left of the first page, for the rows' offsets. */
  readonly gutter: number;
  readonly width: number;
  readonly height: number;
}

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const GUTTER = 62;
const WANTED_HEIGHT = 300;
const ROW_HEIGHTS = { least: 7, most: 24 };

/** About as many rows as pages in a row: a power of two, so that rows begin at round offsets. */
export function layOutUnit(sizes: {
  readonly unitBytes: number;
  readonly pageBytes: number;
  readonly width: number;
}): UnitMap {
  const { unitBytes, pageBytes, width } = sizes;
  const pages = Math.max(1, Math.ceil(unitBytes / pageBytes));
  const pagesPerRow = 2 ** Math.ceil(Math.log2(pages) / 2);
  const rows = Math.ceil(pages / pagesPerRow);
  const rowHeight = Math.min(ROW_HEIGHTS.most, Math.max(ROW_HEIGHTS.least, Math.floor(WANTED_HEIGHT / rows)));
  return {
    pageBytes,
    unitBytes,
    pagesPerRow,
    rows,
    rowHeight,
    gutter: GUTTER,
    width: Math.max(width, GUTTER + pagesPerRow),
    height: rows * rowHeight,
  };
}

/** Pixels of a byte along a row. */
function pixelsPerByte({ width, gutter, pagesPerRow, pageBytes }: UnitMap): number {
  return (width - gutter) / (pagesPerRow * pageBytes);
}

/** The rectangles of bytes [start, end) of the unit, one per row that they touch. */
export function rectsOf(map: UnitMap, startBytes: number, endBytes: number): readonly Rect[] {
  const rowBytes = map.pagesPerRow * map.pageBytes;
  const scale = pixelsPerByte(map);
  const rects: Rect[] = [];
  for (let at = startBytes; at < endBytes;) {
    const row = Math.floor(at / rowBytes);
    const stop = Math.min(endBytes, (row + 1) * rowBytes);
    rects.push({
      x: map.gutter + (at - row * rowBytes) * scale,
      y: row * map.rowHeight,
      width: (stop - at) * scale,
      height: map.rowHeight,
    });
    at = stop;
  }
  return rects;
}

/** The byte of the unit under a point; undefined beside the map. */
export function byteAt(map: UnitMap, x: number, y: number): number | undefined {
  const row = Math.floor(y / map.rowHeight);
  if (x < map.gutter || x >= map.width || row < 0 || row >= map.rows) return undefined;
  const byte = Math.floor(row * map.pagesPerRow * map.pageBytes + (x - map.gutter) / pixelsPerByte(map));
  return byte < map.unitBytes ? byte : undefined;
}
