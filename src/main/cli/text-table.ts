/** Plain tables for a terminal: words to the left, figures to the right. */

/** Rows as lines without a line end; the first `wordColumns` columns hold words, the others figures. */
export function textTable(rows: readonly (readonly string[])[], wordColumns = 1): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          return column < wordColumns ? cell.padEnd(width) : cell.padStart(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
