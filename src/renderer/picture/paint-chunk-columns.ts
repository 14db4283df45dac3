/** Draws the units of a chunk side by side with the local column, and where a byte of it leads on the chosen CPU. */
import type { ChunkColumns } from '../../shared/address-space-contract.ts';
import { printAddress } from '../../shared/address-space.ts';
import type { ThemeTokens } from '../theme/tokens.ts';
import { GAP, type PlacedColumn, type PlacedColumns } from './chunk-columns-layout.ts';
import { hatch } from './hatch.ts';

export interface PaintedColumns {
  readonly chunk: ChunkColumns;
  readonly placed: PlacedColumns;
  readonly viewer: number;
  /** Byte of a unit. */
  readonly byte: number;
  readonly pageBytes: number;
  readonly vaBits: number;
  readonly tokens: ThemeTokens;
}

const HEAD = 18;
const BODY = 150;
/** Two lines of an address. */
const FOOT = 28;
/** Pixels of the drawing. */
export const COLUMNS_HEIGHT = HEAD + BODY + FOOT;
/** Columns that are narrower have their addresses in the table below only. */
const ADDRESSED = 56;

/** The byte of a unit at a height of the drawing. */
export function byteAtHeight(y: number, unitBytes: number): number {
  const part = Math.min(Math.max((y - HEAD) / BODY, 0), 1);
  return Math.min(unitBytes - 1, Math.floor(part * unitBytes));
}

/** The context is scaled to CSS pixels. */
export function paintColumns(context: CanvasRenderingContext2D, painted: PaintedColumns): void {
  const { placed, tokens } = painted;
  context.clearRect(0, 0, context.canvas.width, COLUMNS_HEIGHT);
  context.font = `11px ${tokens.fontUi}`;
  context.textBaseline = 'alphabetic';
  for (const { x, cpus } of placed.gaps) paintGap(context, { x, cpus }, tokens);
  for (const column of placed.columns) paintColumn(context, painted, column);
  paintByte(context, painted);
}

function paintGap(context: CanvasRenderingContext2D, gap: { x: number; cpus: number }, tokens: ThemeTokens): void {
  context.fillStyle = tokens.textDim;
  context.textAlign = 'center';
  context.fillText('…', gap.x + GAP / 2, HEAD + BODY / 2);
  if (gap.cpus > 0) context.fillText(String(gap.cpus), gap.x + GAP / 2, HEAD + BODY / 2 + 14);
}

function paintColumn(context: CanvasRenderingContext2D, painted: PaintedColumns, column: PlacedColumn): void {
  const { chunk, viewer, tokens, pageBytes } = painted;
  const { cpu, x, width } = column;
  const isLocal = cpu === undefined;
  const isViewer = cpu === viewer;
  context.fillStyle = isViewer || isLocal ? tokens.text : tokens.textDim;
  context.textAlign = 'left';
  context.fillText(cpu === undefined ? 'local' : cpuLabel(cpu, width), x, HEAD - 6, width);
  const frames = framesOf(chunk, isLocal ? viewer : cpu, isLocal);
  const pages = chunk.unitBytes / pageBytes;
  const rect = { x, y: HEAD, width, height: BODY };
  context.fillStyle = tokens.surfaceRaised;
  context.fillRect(x, HEAD, width, BODY);
  context.fillStyle = isViewer || isLocal ? tokens.site2 : tokens.site1;
  for (const [page, frame] of frames.entries()) {
    if (frame < 0) continue;
    const [top, end] = [(page / pages) * BODY, ((page + 1) / pages) * BODY];
    // A line between pages while there is room for it.
    context.fillRect(x, HEAD + top, width, Math.max(end - top - (BODY / pages > 3 ? 1 : 0), 0.5));
  }
  // The local column is address space without memory of its own.
  if (isLocal) hatch(context, [rect], tokens.surface);
  context.strokeStyle = isViewer || isLocal ? tokens.text : tokens.lineStrong;
  context.setLineDash(isLocal ? [4, 3] : []);
  context.strokeRect(x + 0.5, HEAD + 0.5, width - 1, BODY - 1);
  context.setLineDash([]);
  const address = isLocal ? chunk.localAddress : chunk.columns.find((unit) => unit.cpu === cpu)?.address;
  if (address !== undefined && width >= ADDRESSED) paintAddress(context, { painted, x, address });
}

/** Where a unit begins, in two halves. */
function paintAddress(
  context: CanvasRenderingContext2D,
  { painted, x, address }: { painted: PaintedColumns; x: number; address: number },
): void {
  const digits = printAddress(painted.vaBits, address).slice(2);
  context.fillStyle = painted.tokens.textDim;
  context.fillText(digits.slice(0, 8), x, HEAD + BODY + 13);
  context.fillText(digits.slice(8), x, HEAD + BODY + 25);
}

function cpuLabel(cpu: number, width: number): string {
  return width < 44 ? String(cpu) : `CPU ${cpu}`;
}

function framesOf({ columns }: ChunkColumns, cpu: number, isLocal: boolean): readonly number[] {
  const column = columns.find((candidate) => candidate.cpu === cpu);
  return (isLocal ? column?.windowFrames : column?.frames) ?? [];
}

/** The byte in every column, and an arrow from the local one to the unit that the chosen CPU reaches by it. */
function paintByte(context: CanvasRenderingContext2D, { chunk, placed, viewer, byte, tokens }: PaintedColumns): void {
  const y = HEAD + Math.round((byte / chunk.unitBytes) * BODY) + 0.5;
  context.fillStyle = tokens.text;
  for (const { x, width, cpu } of placed.columns) {
    context.globalAlpha = cpu === undefined || cpu === viewer ? 1 : 0.4;
    context.fillRect(x, y - 1, width, 2);
  }
  context.globalAlpha = 1;
  const local = placed.columns.find(({ cpu }) => cpu === undefined);
  const own = placed.columns.find(({ cpu }) => cpu === viewer);
  if (local === undefined || own === undefined) return;
  const end = own.x + own.width;
  context.strokeStyle = tokens.text;
  context.beginPath();
  context.moveTo(local.x, y);
  context.lineTo(end + 1, y);
  context.stroke();
  context.beginPath();
  context.moveTo(end, y);
  context.lineTo(end + 7, y - 4);
  context.lineTo(end + 7, y + 4);
  context.fill();
}
