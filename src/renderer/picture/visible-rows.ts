/** Which rows of a long list are to be drawn. */
export interface VisibleRows {
  /** Half-open: [first, end). */
  readonly first: number;
  readonly end: number;
}

/** Rows that a scrolled box shows, with a few more on each side so that scrolling shows no gaps. */
export function visibleRows(
  box: { readonly scrollTop: number; readonly height: number },
  rowHeight: number,
  count: number,
): VisibleRows {
  const margin = 4;
  const first = Math.max(0, Math.floor(box.scrollTop / rowHeight) - margin);
  const end = Math.min(count, Math.ceil((box.scrollTop + box.height) / rowHeight) + margin);
  return { first: Math.min(first, end), end };
}
