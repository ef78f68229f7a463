import type { Row } from './measurement.ts';

/** The rows as text, in three aligned columns. */
export function formatTable(rows: readonly Row[]): string {
  const cells = rows.map(({ what, result, target }) => [
    what,
    result,
    target ? `${target.text} ${target.isMet ? 'met' : 'MISSED'}` : '',
  ]);
  const header = ['measurement', 'result', 'target'];
  const widths = header.map((title, column) => Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [line(header), line(widths.map((width) => '-'.repeat(width))), ...cells.map(line)].join('\n');
}
