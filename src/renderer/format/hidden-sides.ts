/** Lengths of a scroller, in pixels, as the browser states them. */
export interface ScrollState {
  readonly scrollLeft: number;
  readonly clientWidth: number;
  readonly scrollWidth: number;
}

/** Widths are rounded to whole pixels, positions are not: what is hidden by less than this is not. */
const ROUNDING = 2;

/** On which sides a scroller hides something. */
export function hiddenSides({ scrollLeft, clientWidth, scrollWidth }: ScrollState) {
  return {
    before: scrollLeft >= ROUNDING,
    after: scrollWidth - clientWidth - scrollLeft >= ROUNDING,
  };
}
