/** Draws the units of a chunk side by side, each from its first byte at the top to its last at the bottom. */
import type { PercpuPicture, PictureChunk } from '../../shared/percpu-picture.ts';
import type { ThemeTokens } from '../theme/tokens.ts';
import { labelledUnits, sliceShares, type StripUnit } from './unit-strip.ts';
import { unitParts } from './unit-parts.ts';

export interface PaintedStrip {
  readonly picture: PercpuPicture;
  readonly chunk: PictureChunk;
  readonly strip: readonly StripUnit[];
  readonly selected: number;
  /** Byte of the unit that is picked: it lies at the same height in each. */
  readonly byte: number;
  readonly tokens: ThemeTokens;
}

/** Pixels of a unit, without its label. */
const UNIT_HEIGHT = 72;
/** And with it. */
export const STRIP_HEIGHT = UNIT_HEIGHT + 18;
/** Units that are so far apart are labelled in full. */
const NAME_PITCH = 50;

/** The context is scaled to CSS pixels. */
export function paintStrip(context: CanvasRenderingContext2D, painted: PaintedStrip): void {
  const { picture, chunk, strip } = painted;
  const { unitBytes, pageSizeBytes } = picture.geometry;
  const labelled = labelledUnits(strip, painted.selected);
  const slices = sliceShares(chunk, { unitBytes, pageBytes: pageSizeBytes, rows: UNIT_HEIGHT });
  context.clearRect(0, 0, context.canvas.width, STRIP_HEIGHT);
  for (const unit of strip) {
    const isUsed = picture.units[unit.index]?.cpu !== undefined;
    context.globalAlpha = isUsed ? 1 : 0.35;
    paintUnit(context, painted, { unit, slices });
    context.globalAlpha = 1;
    paintFrame(context, painted, { unit, labelled });
  }
  paintByte(context, painted);
}

/** A line through all units, and an arrow into the chosen one. */
function paintByte(context: CanvasRenderingContext2D, { picture, strip, selected, byte, tokens }: PaintedStrip): void {
  const y = 1 + (byte / picture.geometry.unitBytes) * UNIT_HEIGHT;
  context.fillStyle = tokens.text;
  for (const { index, x, width } of strip) {
    context.globalAlpha = index === selected ? 1 : 0.45;
    context.fillRect(x, y, width, 1);
    if (index !== selected) continue;
    context.beginPath();
    context.moveTo(x - 1, y - 5);
    context.lineTo(x - 1, y + 6);
    context.lineTo(x + 6, y + 0.5);
    context.fill();
  }
  context.globalAlpha = 1;
}

interface UnitPaint {
  readonly unit: StripUnit;
  readonly slices: ReturnType<typeof sliceShares>;
}

function paintUnit(
  context: CanvasRenderingContext2D,
  { picture, chunk, tokens }: PaintedStrip,
  { unit, slices }: UnitPaint,
): void {
  const { x, width } = unit;
  const top = 1;
  for (const { kind, startBytes, endBytes } of unitParts(picture.geometry, chunk)) {
    const from = (startBytes / picture.geometry.unitBytes) * UNIT_HEIGHT;
    const to = (endBytes / picture.geometry.unitBytes) * UNIT_HEIGHT;
    if (kind === 'given-back' || kind === 'chunk') continue;
    context.fillStyle = { static: tokens.partStatic, reserved: tokens.partReserved, dynamic: tokens.surfaceRaised }[
      kind
    ];
    context.fillRect(x, top + from, width, Math.max(to - from, 1));
  }
  const alpha = context.globalAlpha;
  for (const [row, { used, populated }] of slices.entries()) {
    if (populated > 0) {
      context.globalAlpha = alpha * populated * 0.3;
      context.fillStyle = tokens.accent;
      context.fillRect(x, top + row, width, 1);
    }
    if (used === 0) continue;
    context.globalAlpha = alpha * (0.25 + 0.75 * used);
    context.fillStyle = tokens.accent;
    context.fillRect(x, top + row, width, 1);
  }
  context.globalAlpha = alpha;
}

function paintFrame(
  context: CanvasRenderingContext2D,
  { picture, selected, tokens, strip }: PaintedStrip,
  { unit: { index, x, width }, labelled }: { readonly unit: StripUnit; readonly labelled: ReadonlySet<number> },
): void {
  const isSelected = index === selected;
  context.strokeStyle = isSelected ? tokens.text : tokens.line;
  context.lineWidth = isSelected ? 2 : 1;
  if (picture.units[index]?.cpu === undefined) context.setLineDash([2, 2]);
  context.strokeRect(x + 0.5, 0.5, Math.max(width - 1, 1), UNIT_HEIGHT + 1);
  context.setLineDash([]);
  if (!labelled.has(index)) return;
  const pitch = (strip[1]?.x ?? 2 * NAME_PITCH) - (strip[0]?.x ?? 0);
  context.font = `${isSelected ? '700 ' : ''}11px ${tokens.fontUi}`;
  context.fillStyle = isSelected ? tokens.text : tokens.textDim;
  context.textAlign = 'center';
  context.textBaseline = 'bottom';
  const name = String(picture.units[index]?.cpu ?? '–');
  context.fillText(pitch > NAME_PITCH && name !== '–' ? `CPU ${name}` : name, Math.max(x + width / 2, 7), STRIP_HEIGHT);
  context.textAlign = 'left';
}
