import { BrokerError } from '../../../model/error.ts';

export type TokenKind = 'keyword' | 'name' | 'number' | 'string' | 'symbol' | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** A keyword in capital letters, a string without quotes, anything else as written. */
  readonly text: string;
  /** Where it begins, UTF-16 units. */
  readonly index: number;
}

const KEYWORDS = new Set(['AND', 'OR', 'NOT', 'BETWEEN', 'IN', 'LIKE', 'ESCAPE', 'IS', 'NULL', 'REGEX', 'TRUE', 'FALSE']);

// As in the original, a semicolon means nothing, `=>` is `>=` and `^=` is `<>`.
const TOKEN =
  /[\s;]+|(?<string>'(?:[^']|'')*')|(?<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?<word>[\p{L}_$][\p{L}\p{N}_$]*)|(?<symbol><>|!=|\^=|<=|=>|>=|[-+*/(),=<>])/uy;
const SYNONYMS: Readonly<Record<string, string>> = { '=>': '>=', '!=': '<>', '^=': '<>' };

/** Takes a condition apart; the last token is the end. @throws BrokerError `user.illegalArgument` naming the column. */
export function tokenise(text: string): Token[] {
  const tokens: Token[] = [];
  let index = 0;
  while (index < text.length) {
    TOKEN.lastIndex = index;
    const match = TOKEN.exec(text);
    if (!match) throw sql92Error(unreadable(text, index), text, index);
    const token = readToken(match.groups ?? {}, index);
    if (token) tokens.push(token);
    index = TOKEN.lastIndex;
  }
  tokens.push({ kind: 'end', text: 'end', index });
  return tokens;
}

/** BrokerError whose message names the place: `column 5: unexpected ")"`; columns count characters from 1. */
export function sql92Error(problem: string, text: string, index: number): BrokerError {
  const column = Array.from(text.slice(0, index)).length + 1;
  return new BrokerError('user.illegalArgument', `column ${column}: ${problem}`);
}

function readToken(
  { string, number, word, symbol }: Readonly<Record<string, string | undefined>>,
  index: number,
): Token | undefined {
  if (string !== undefined) return { kind: 'string', text: string.slice(1, -1).replaceAll("''", "'"), index };
  if (number !== undefined) return { kind: 'number', text: number, index };
  if (symbol !== undefined) return { kind: 'symbol', text: SYNONYMS[symbol] ?? symbol, index };
  if (word === undefined) return undefined;
  const capital = word.toUpperCase();
  return KEYWORDS.has(capital) ? { kind: 'keyword', text: capital, index } : { kind: 'name', text: word, index };
}

function unreadable(text: string, index: number): string {
  if (text[index] === "'") return 'the text has no end';
  return `the character "${String.fromCodePoint(text.codePointAt(index) ?? 0)}" means nothing here`;
}
