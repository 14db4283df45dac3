/** Draws one page of a chunk enlarged: each object with its letter, free space plain, a scale of offsets below. */
import type { PictureChunk } from '../../shared/percpu-picture.ts';
import type { ThemeTokens } from '../theme/tokens.ts';
import { firstObjectFrom } from './object-search.ts';
import { siteLook } from './site-look.ts';

export interface PaintedPage {
  readonly chunk: PictureChunk;
  /** Bytes [start, start + pageBytes) of the chunk. */
  readonly startBytes: number;
  readonly pageBytes: number;
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
  const { width, height, tokens, startBytes, pageBytes, chunk } = page;
  context.clearRect(0, 0, width, height);
  context.fillStyle = tokens.surfaceRaised;
  context.fillRect(0, 0, width, height - SCALE_HEIGHT);
  paintScale(context, page);
  const { objects } = chunk;
  if (objects === undefined) return;
  const end = startBytes + pageBytes;
  for (let index = firstObjectFrom(objects, startBytes); (objects.startBytes[index] ?? end) < end; index++) {
    const objectStart = objects.startBytes[index] ?? 0;
    paintObject(context, page, {
      start: Math.max(objectStart, startBytes),
      end: Math.min(objectStart + (objects.sizeBytes[index] ?? 0), end),
      site: objects.callSite[index] ?? 0,
    });
  }
}

function paintObject(
  context: CanvasRenderingContext2D,
  { width, height, pageBytes, startBytes, tokens }: PaintedPage,
  object: { readonly start: number; readonly end: number; readonly site: number },
): void {
  const scale = width / pageBytes;
  const x = (object.start - startBytes) * scale;
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

function paintScale(context: CanvasRenderingContext2D, { width, height, pageBytes, tokens }: PaintedPage): void {
  context.font = `10px ${tokens.fontUi}`;
  context.textBaseline = 'bottom';
  context.fillStyle = tokens.textDim;
  for (let tick = 0; tick <= TICKS; tick++) {
    const x = Math.min((tick / TICKS) * width, width - 1);
    context.fillRect(x, height - SCALE_HEIGHT, 1, 4);
    context.textAlign = tickAlign(tick);
    context.fillText(`+${(tick / TICKS) * pageBytes}`, x, height);
  }
  context.textAlign = 'left';
}

/** The first and the last label stay within the strip. */
function tickAlign(tick: number): CanvasTextAlign {
  if (tick === 0) return 'left';
  return tick === TICKS ? 'right' : 'center';
}
