/**
 * Draws a chunk's map into a canvas. Objects are drawn at fractions of pixels: where many lie within one pixel their colours
 * blend into what share of it they take, which is what the eye should see.
 */
import type { PercpuPicture, PictureChunk } from '../../shared/percpu-picture.ts';
import type { ThemeTokens } from '../theme/tokens.ts';
import { formatBytes } from '../format/bytes.ts';
import { hatch } from './hatch.ts';
import { firstObjectFrom } from './object-search.ts';
import { siteLook } from './site-look.ts';
import { type Rect, rectsOf, type UnitMap } from './unit-map.ts';
import { type PartKind, unitParts } from './unit-parts.ts';

export interface PaintedMap {
  readonly map: UnitMap;
  readonly picture: PercpuPicture;
  readonly chunk: PictureChunk;
  readonly tokens: ThemeTokens;
}

/** Pixels that hints take at the foot of a row. */
const HINT_HEIGHT = 2;
const PART_NAMES: Readonly<Record<PartKind, string>> = {
  static: 'static',
  reserved: 'reserved',
  dynamic: '',
  'given-back': 'given back',
  chunk: '',
};

/** Everything but what follows the pointer. The context is scaled to CSS pixels. */
export function paintUnitMap(context: CanvasRenderingContext2D, painted: PaintedMap): void {
  const { map, tokens } = painted;
  context.clearRect(0, 0, map.width, map.height);
  paintParts(context, painted);
  paintPages(context, painted);
  paintObjects(context, painted);
  paintHints(context, painted);
  paintGrid(context, map, tokens);
  paintOffsets(context, map, tokens);
}

function fillRects(context: CanvasRenderingContext2D, rects: readonly Rect[]): void {
  for (const { x, y, width, height } of rects) context.fillRect(x, y, width, height);
}

function paintParts(context: CanvasRenderingContext2D, { map, picture, chunk, tokens }: PaintedMap): void {
  for (const { kind, startBytes, endBytes } of unitParts(picture.geometry, chunk)) {
    const rects = rectsOf(map, startBytes, endBytes);
    if (kind === 'static' || kind === 'reserved') {
      context.fillStyle = kind === 'static' ? tokens.partStatic : tokens.partReserved;
      context.globalAlpha = 0.55;
      fillRects(context, rects);
      context.globalAlpha = 1;
    } else if (kind === 'given-back') {
      hatch(context, rects, tokens.line);
    }
    if (PART_NAMES[kind] !== '') namePart(context, rects, PART_NAMES[kind], tokens);
  }
}

function namePart(context: CanvasRenderingContext2D, rects: readonly Rect[], name: string, tokens: ThemeTokens): void {
  const widest = rects.reduce<Rect | undefined>(
    (best, rect) => (best === undefined || rect.width > best.width + 0.5 ? rect : best),
    undefined,
  );
  if (widest === undefined || widest.width < 60 || widest.height < 11) return;
  context.font = `600 11px ${tokens.fontUi}`;
  context.textBaseline = 'middle';
  const width = context.measureText(name).width + 8;
  context.fillStyle = tokens.surface;
  context.fillRect(widest.x + 4, widest.y + widest.height / 2 - 7, width, 14);
  context.fillStyle = tokens.text;
  context.fillText(name, widest.x + 8, widest.y + widest.height / 2);
}

function paintPages(context: CanvasRenderingContext2D, { map, chunk, tokens }: PaintedMap): void {
  for (const [page, isPopulated] of chunk.populated.entries()) {
    const start = chunk.unitStartBytes + page * map.pageBytes;
    const rects = rectsOf(map, start, start + map.pageBytes);
    if (isPopulated === 0) {
      hatch(context, rects, tokens.line);
    } else if (page > 0 || chunk.unitStartBytes === 0) {
      context.fillStyle = tokens.surfaceRaised;
      fillRects(context, rects);
    }
  }
}

function paintObjects(context: CanvasRenderingContext2D, { map, chunk, tokens }: PaintedMap): void {
  const { objects } = chunk;
  if (objects === undefined) return;
  const gap = map.rowHeight > 12 ? HINT_HEIGHT + 1 : HINT_HEIGHT;
  for (let index = firstObjectFrom(objects, 0); index < objects.startBytes.length; index++) {
    const start = chunk.unitStartBytes + (objects.startBytes[index] ?? 0);
    context.fillStyle = tokens[siteLook(objects.callSite[index] ?? 0).token];
    for (const { x, y, width, height } of rectsOf(map, start, start + (objects.sizeBytes[index] ?? 0))) {
      context.fillRect(x, y + 1, width, height - 1 - gap);
    }
  }
}

function paintHints(context: CanvasRenderingContext2D, { map, chunk, tokens }: PaintedMap): void {
  const band = (hint: PictureChunk['contigHint'], color: string): void => {
    if (hint === undefined) return;
    const start = chunk.unitStartBytes + hint.startBytes;
    context.fillStyle = color;
    for (const { x, y, width, height } of rectsOf(map, start, start + hint.sizeBytes)) {
      context.fillRect(x, y + height - HINT_HEIGHT - 0.5, width, HINT_HEIGHT);
    }
  };
  band(chunk.contigHint, tokens.accent);
  band(chunk.scanHint, tokens.warning);
  if (chunk.firstFreeBytes >= chunk.sizeBytes) return;
  const [first] = rectsOf(
    map,
    chunk.unitStartBytes + chunk.firstFreeBytes,
    chunk.unitStartBytes + chunk.firstFreeBytes + 1,
  );
  if (first === undefined) return;
  context.fillStyle = tokens.text;
  context.beginPath();
  context.moveTo(first.x - 4, first.y);
  context.lineTo(first.x + 4, first.y);
  context.lineTo(first.x, first.y + 6);
  context.fill();
}

function paintGrid(context: CanvasRenderingContext2D, map: UnitMap, tokens: ThemeTokens): void {
  const pageWidth = (map.width - map.gutter) / map.pagesPerRow;
  context.fillStyle = tokens.line;
  for (let row = 0; row <= map.rows; row++) {
    context.fillRect(map.gutter, Math.min(row * map.rowHeight, map.height - 1), map.width - map.gutter, 1);
  }
  if (pageWidth < 6) return;
  for (let page = 0; page <= map.pagesPerRow; page++) {
    context.fillRect(Math.min(map.gutter + page * pageWidth, map.width - 1), 0, 1, map.height);
  }
}

function paintOffsets(context: CanvasRenderingContext2D, map: UnitMap, tokens: ThemeTokens): void {
  const every = Math.max(1, Math.ceil(13 / map.rowHeight));
  context.font = `11px ${tokens.fontUi}`;
  context.fillStyle = tokens.textDim;
  context.textBaseline = 'top';
  context.textAlign = 'right';
  for (let row = 0; row < map.rows; row += every) {
    context.fillText(formatBytes(row * map.pagesPerRow * map.pageBytes), map.gutter - 6, row * map.rowHeight + 1);
  }
  context.textAlign = 'left';
}
