/** How a design is drawn: a colour, and a dash and a symbol that tell it apart without colour. */
import { ACCESS_MODES, ALLOCATOR_DESIGNS, BUFFER_LAYOUTS, type Design } from '../../shared/design.ts';
import type { TimePoint } from '../stores/time-columns.ts';
import type { ThemeTokens } from '../theme/tokens.ts';

/** Symbols of ECharts that have the same names in `DesignMark.vue`. */
export type MarkSymbol = 'circle' | 'triangle' | 'rect' | 'diamond' | 'pin' | 'arrow';

/** One design's look, the same in every chart, legend and list. */
export interface DesignLook {
  readonly token: keyof ThemeTokens;
  /** Lengths of strokes and gaps in pixels; empty is a solid line. */
  readonly dash: readonly number[];
  readonly symbol: MarkSymbol;
}

const LOOKS: readonly DesignLook[] = [
  { token: 'design1', dash: [6, 3], symbol: 'triangle' },
  { token: 'design2', dash: [], symbol: 'circle' },
  { token: 'design3', dash: [2, 2], symbol: 'rect' },
  { token: 'design4', dash: [8, 3, 2, 3], symbol: 'diamond' },
  { token: 'design5', dash: [12, 4], symbol: 'pin' },
];

/** Designs of one list never meet those of another, so that looks can be the same. */
const LISTS: readonly (readonly Design[])[] = [BUFFER_LAYOUTS, ALLOCATOR_DESIGNS, ACCESS_MODES];

/** Not a design of the lab's: in the colour of text. */
const KERNEL_LOOK: DesignLook = { token: 'text', dash: [1, 3], symbol: 'arrow' };

/** The look of a design: its place in its list decides, so it is the same in every experiment. */
export function designLook(design: Design): DesignLook {
  const list = LISTS.find((designs) => designs.includes(design));
  const look = design === 'kernel' ? KERNEL_LOOK : LOOKS[list?.indexOf(design) ?? -1];
  if (look === undefined) throw new Error(`design ${design} has no look; add one to LOOKS`);
  return look;
}

/** Line style of ECharts for a design. */
export function designLineStyle(design: Design, tokens: ThemeTokens) {
  const { token, dash } = designLook(design);
  return { color: tokens[token], width: 1.6, type: dash.length === 0 ? ('solid' as const) : [...dash] };
}

/**
 * Symbol sizes along a line over time: about `count` symbols, which tell lines apart without hiding them, and one wherever a point
 * has no neighbour to be joined to.
 */
export function symbolSizes(points: readonly TimePoint[], count: number) {
  const every = Math.max(1, Math.ceil(points.length / count));
  return (_: unknown, { dataIndex }: { dataIndex: number }): number => {
    const isAlone = [dataIndex - 1, dataIndex + 1].every((at) => Number.isNaN(points[at]?.[1] ?? NaN));
    return isAlone || dataIndex % every === 0 ? 6 : 0;
  };
}
