/** Where a message about a text points to, both counted from 1. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

/** Finds `line 3, column 5` or `job.fio:3:5` in a sentence of the lab; undefined when it names no place. */
export function messagePosition(message: string): TextPosition | undefined {
  const match =
    /\bline (?<line>\d+)(?:,? column (?<column>\d+))?/i.exec(message) ?? /:(?<line>\d+):(?<column>\d+)/.exec(message);
  const line = Number(match?.groups?.['line']);
  if (!Number.isInteger(line) || line < 1) return undefined;
  return { line, column: Math.max(1, Number(match?.groups?.['column'] ?? 1)) };
}

/** The sentence without a place in front of it, for where the place is shown beside it. */
export function withoutPosition(message: string): string {
  return message.replace(/^line \d+,? column \d+: /i, '');
}

/** Index in `text` of a position; a place behind its line's end is the line's end. */
export function positionToIndex(text: string, { line, column }: TextPosition): number {
  const lines = text.split('\n');
  const before = lines.slice(0, line - 1).reduce((sum, part) => sum + part.length + 1, 0);
  return Math.min(text.length, before + Math.min(column - 1, lines[line - 1]?.length ?? 0));
}
