/** Diagonal lines in a canvas. */
import type { Rect } from './unit-map.ts';

/** Fills rectangles with them, so that “nothing here” does not look like “free”. */
export function hatch(context: CanvasRenderingContext2D, rects: readonly Rect[], color: string): void {
  context.strokeStyle = color;
  context.lineWidth = 1;
  for (const { x, y, width, height } of rects) {
    context.save();
    context.beginPath();
    context.rect(x, y, width, height);
    context.clip();
    context.beginPath();
    for (let left = x - (x % 6) - height; left < x + width; left += 6) {
      context.moveTo(left, y + height);
      context.lineTo(left + height, y);
    }
    context.stroke();
    context.restore();
  }
}
