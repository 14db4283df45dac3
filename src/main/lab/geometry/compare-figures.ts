/** Compares computed with printed figures, one by one, and the group maps alloc by alloc. */
import type { LoggedBoot } from '../../evidence/boot-log/boot-log.ts';
import type { Findings } from './findings.ts';
import type { GeometryFigures } from '../../../shared/geometry-check.ts';

/** Figures that are one number, and the words for them. */
const NUMBERS = [
  ['staticBytes', 'static part'],
  ['reservedBytes', 'reserved part'],
  ['dynamicBytes', 'dynamic part'],
  ['pagesPerCpu', 'pages per CPU'],
  ['unitBytes', 'unit'],
  ['atoms', 'atoms per alloc'],
  ['atomBytes', 'atom'],
] as const;

export interface FigurePair {
  readonly computed: GeometryFigures;
  readonly printed: GeometryFigures;
}

/** Adds every difference to `findings`; a figure that one side lacks is none. */
export function compareFigures(boot: LoggedBoot, { computed, printed }: FigurePair, findings: Findings): void {
  for (const [key, figure] of NUMBERS) {
    const expected = computed[key];
    const found = printed[key];
    if (expected === undefined || found === undefined || expected === found) continue;
    const line = key === 'pagesPerCpu' ? boot.announcement?.line : (boot.allocation ?? boot.announcement)?.line;
    findings.differences.push({ figure, computed: String(expected), printed: String(found), line });
  }
  if (computed.mapLines !== undefined) compareMaps(boot, computed.mapLines, findings);
}

/** Says where the maps part; of all that follows no more than this is worth saying. */
function compareMaps(boot: LoggedBoot, computedLines: readonly string[], findings: Findings): void {
  const computed = allocTexts(computedLines);
  const printed = boot.map.flatMap(({ line, text }) => allocTexts([text]).map((alloc) => ({ line, alloc })));
  const length = Math.max(computed.length, printed.length);
  const at = Array.from({ length }, (_, index) => index).find(
    (index) => numbersOf(computed[index]) !== numbersOf(printed[index]?.alloc),
  );
  if (at === undefined) {
    compareLineBreaks(boot, computedLines, findings);
    return;
  }
  findings.differences.push({
    figure: `group map from alloc ${at + 1} on`,
    computed: computed[at] ?? 'no more allocs',
    printed: printed[at]?.alloc ?? 'no more allocs',
    line: (printed[at] ?? printed.at(-1))?.line,
  });
}

/** Where lines break is white space to a reader: a log that was edited may break them elsewhere. */
function compareLineBreaks(boot: LoggedBoot, computedLines: readonly string[], { notes }: Findings): void {
  const printed = boot.map.map(({ text }) => numbersOf(text));
  const broken = computedLines.findIndex((line, index) => numbersOf(line) !== printed[index]);
  const line = boot.map[Math.min(broken, boot.map.length - 1)]?.line;
  if (broken >= 0) notes.push(`line ${line ?? 0}: the kernel breaks the map's lines elsewhere`);
}

/** `[0] 00 01 [1] 02 --` as one text per alloc. */
function allocTexts(lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => line.split(/ (?=\[)/));
}

/** An alloc without leading zeros and with one dash per unused unit: two allocs that say the same become equal. */
function numbersOf(alloc: string | undefined): string | undefined {
  return alloc?.replaceAll(/-+/g, '-').replaceAll(/(?<!\d)0+(?=\d)/g, '');
}
