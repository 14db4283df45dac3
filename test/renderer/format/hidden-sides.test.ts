import { describe, expect, test } from 'vitest';
import { hiddenSides } from '../../../src/renderer/format/hidden-sides.ts';

describe('what a scroller hides', () => {
  test.each([
    ['nothing where all fits', { scrollLeft: 0, clientWidth: 400, scrollWidth: 400 }, [false, false]],
    ['nothing where only rounding is over', { scrollLeft: 0, clientWidth: 400, scrollWidth: 401 }, [false, false]],
    ['its right side at first', { scrollLeft: 0, clientWidth: 400, scrollWidth: 600 }, [false, true]],
    ['both sides in the middle', { scrollLeft: 90.5, clientWidth: 400, scrollWidth: 600 }, [true, true]],
    ['its left side at the end', { scrollLeft: 199.5, clientWidth: 400, scrollWidth: 600 }, [true, false]],
  ])('is %s', (_, state, [before, after]) => {
    expect(hiddenSides(state)).toEqual({ before, after });
  });
});
