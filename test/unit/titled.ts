import { shorten } from '../../src/base/shorten.ts';

/** Table rows with a title in front: the beginning of their first text, for rows with texts too long to read. */
export function titled<const Row extends readonly unknown[]>(rows: readonly Row[]): [title: string, ...row: Row][] {
  return rows.map((row) => [shorten(JSON.stringify(row.find((cell) => typeof cell === 'string') ?? ''), 70), ...row]);
}
