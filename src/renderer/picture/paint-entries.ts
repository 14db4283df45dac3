/** Draws the entries of a table as a strip: what each leads to, and which one is chosen. */
import { ENTRY_LETTERS } from '../../shared/address-space-contract.ts';
import type { ThemeTokens } from '../theme/tokens.ts';
import { hatch } from './hatch.ts';
import { letterLook } from './table-look.ts';

export const ENTRIES_HEIGHT = 30;
const TOP = 6;
/** An entry in use among hundreds that are not must be seen. */
const MIN_WIDTH = 3;

/** `chosen`: 0 … 1 of the strip, its left edge; the context is scaled to CSS pixels. */
export function paintEntries(
  context: CanvasRenderingContext2D,
  { strip, chosen, width, tokens }: { strip: string; chosen: number | undefined; width: number; tokens: ThemeTokens },
): void {
  context.clearRect(0, 0, width, ENTRIES_HEIGHT);
  const height = ENTRIES_HEIGHT - TOP - 1;
  context.fillStyle = tokens.surfaceHover;
  context.fillRect(0, TOP, width, height);
  const cell = width / strip.length;
  for (const { letter, first, end } of runsOfLetters(strip)) {
    const look = letterLook(letter);
    if (look === undefined) continue;
    const rect = { x: first * cell, y: TOP, width: Math.max((end - first) * cell, MIN_WIDTH), height };
    context.fillStyle = tokens[look.token];
    context.fillRect(rect.x, rect.y, rect.width, rect.height);
    if (look.hatch !== undefined && rect.width > MIN_WIDTH) hatch(context, [rect], tokens.surface);
  }
  context.strokeStyle = tokens.lineStrong;
  context.strokeRect(0.5, TOP + 0.5, width - 1, height - 1);
  if (chosen === undefined) return;
  const x = chosen * width + Math.max(cell, MIN_WIDTH) / 2;
  context.fillStyle = tokens.text;
  context.beginPath();
  context.moveTo(x - 5, 0);
  context.lineTo(x + 5, 0);
  context.lineTo(x, TOP);
  context.fill();
  context.fillRect(x - 0.5, TOP, 1, height);
}

/** Neighbours with the same letter, empty ones left away. */
export function runsOfLetters(strip: string): readonly { letter: string; first: number; end: number }[] {
  const runs: { letter: string; first: number; end: number }[] = [];
  for (let index = 0; index < strip.length; index++) {
    const letter = strip.charAt(index);
    const last = runs.at(-1);
    if (last?.end === index && last.letter === letter) last.end = index + 1;
    else if (letter !== ENTRY_LETTERS.empty) runs.push({ letter, first: index, end: index + 1 });
  }
  return runs;
}
