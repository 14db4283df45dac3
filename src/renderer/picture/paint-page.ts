/** Draws one page of a chunk enlarged: each object with its letter, free space plain, a scale of offsets below. */
import type { PercpuPicture, PictureChunk } from '../../shared/percpu-picture.ts';
import type { ThemeTokens } from '../theme/tokens.ts';
import { hatch } from './hatch.ts';
import { firstObjectFrom } from './object-search.ts';
import { siteLook } from './site-look.ts';
import { unitParts } from './unit-parts.ts';

export interface PaintedPage {
  readonly picture: PercpuPicture;
  readonly chunk: PictureChunk;
  /** Where in the unit the page begins. */
  readonly unitByte: number;
  readonly width: number;
  readonly height: number;
  readonly tokens: ThemeTokens;
}

const SCALE_HEIGHT = 15;
/** Objects narrower than this have no letter. */
const LETTER_WIDTH = 11;
const TICKS = 8;

/** The context is scaled to CSS pixels. */
export function paintPage(context: CanvasRenderingContext2D, page: PaintedPage): void {
  const { width, height, tokens, unitByte, chunk, picture } = page;
  context.clearRect(0, 0, width, height);
  const chunkPage = Math.floor((unitByte - chunk.unitStartBytes) / picture.geometry.pageSizeBytes);
  if (chunk.populated[chunkPage] === 1 || chunkPage < 0) {
    context.fillStyle = tokens.surfaceRaised;
    context.fillRect(0, 0, width, height - SCALE_HEIGHT);
  } else {
    hatch(context, [{ x: 0, y: 0, width, height: height - SCALE_HEIGHT }], tokens.line);
  }
  paintParts(context, page);
  paintScale(context, page);
  paintObjects(context, page);
}

/** Static and reserved part, as far as they are in the page. */
function paintParts(context: CanvasRenderingContext2D, page: PaintedPage): void {
  const { picture, chunk, unitByte, tokens, height, width } = page;
  const { pageSizeBytes } = picture.geometry;
  const scale = width / pageSizeBytes;
  for (const { kind, startBytes, endBytes } of unitParts(picture.geometry, chunk)) {
    const from = Math.max(startBytes, unitByte) - unitByte;
    const to = Math.min(endBytes, unitByte + pageSizeBytes) - unitByte;
    if (to <= from || (kind !== 'static' && kind !== 'reserved')) continue;
    context.globalAlpha = 0.55;
    context.fillStyle = kind === 'static' ? tokens.partStatic : tokens.partReserved;
    context.fillRect(from * scale, 0, (to - from) * scale, height - SCALE_HEIGHT);
    context.globalAlpha = 1;
    nameIt(context, page, { text: kind, x: from * scale, width: (to - from) * scale });
  }
}

interface Label {
  readonly text: string;
  readonly x: number;
  readonly width: number;
}

function nameIt(context: CanvasRenderingContext2D, { tokens, height }: PaintedPage, label: Label): void {
  context.font = `600 11px ${tokens.fontUi}`;
  if (context.measureText(label.text).width + 8 > label.width) return;
  context.fillStyle = tokens.text;
  context.textBaseline = 'middle';
  context.fillText(label.text, label.x + 6, (height - SCALE_HEIGHT) / 2);
}

function paintObjects(context: CanvasRenderingContext2D, page: PaintedPage): void {
  const { chunk, picture, unitByte } = page;
  const { objects } = chunk;
  if (objects === undefined) return;
  const pageStart = unitByte - chunk.unitStartBytes;
  const pageEnd = pageStart + picture.geometry.pageSizeBytes;
  for (let index = firstObjectFrom(objects, pageStart); (objects.startBytes[index] ?? pageEnd) < pageEnd; index++) {
    const start = objects.startBytes[index] ?? 0;
    paintObject(context, page, {
      start: Math.max(start, pageStart) - pageStart,
      end: Math.min(start + (objects.sizeBytes[index] ?? 0), pageEnd) - pageStart,
      site: objects.callSite[index] ?? 0,
    });
  }
}

function paintObject(
  context: CanvasRenderingContext2D,
  { width, height, picture, tokens }: PaintedPage,
  object: { readonly start: number; readonly end: number; readonly site: number },
): void {
  const scale = width / picture.geometry.pageSizeBytes;
  const x = object.start * scale;
  const wide = (object.end - object.start) * scale;
  const look = siteLook(object.site);
  context.fillStyle = tokens[look.token];
  context.fillRect(x, 0, Math.max(wide - Math.min(1, wide / 4), 0.5), height - SCALE_HEIGHT);
  if (wide < LETTER_WIDTH) return;
  context.font = `600 11px ${tokens.fontUi}`;
  context.fillStyle = tokens.surface;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillText(look.letter, x + wide / 2, (height - SCALE_HEIGHT) / 2);
  context.textAlign = 'left';
}

function paintScale(context: CanvasRenderingContext2D, { width, height, picture, tokens }: PaintedPage): void {
  const { pageSizeBytes } = picture.geometry;
  context.font = `10px ${tokens.fontUi}`;
  context.textBaseline = 'bottom';
  context.fillStyle = tokens.textDim;
  for (let tick = 0; tick <= TICKS; tick++) {
    const x = Math.min((tick / TICKS) * width, width - 1);
    context.fillRect(x, height - SCALE_HEIGHT, 1, 4);
    context.textAlign = tickAlign(tick);
    context.fillText(`+${(tick / TICKS) * pageSizeBytes}`, x, height);
  }
  context.textAlign = 'left';
}

/** The first and the last label stay within the strip. */
function tickAlign(tick: number): CanvasTextAlign {
  if (tick === 0) return 'left';
  return tick === TICKS ? 'right' : 'center';
}
