import type { ThemeTokens } from '../theme/tokens.ts';

/** Stroke angles, in radians, of the hatching of each kind of memory; the first, usually the largest, is plain. */
const ANGLES: readonly (number | undefined)[] = [undefined, Math.PI / 4, -Math.PI / 4, 0];

/** A hatching that tells kind number `index` apart without colour. */
export function memoryDecal(index: number, tokens: ThemeTokens) {
  const rotation = ANGLES[index % ANGLES.length];
  if (rotation === undefined) return { symbol: 'none' };
  return { symbol: 'rect', dashArrayX: [1, 0], dashArrayY: [1.5, 5], rotation, color: tokens.surface };
}
