import { queryError } from './query-error.ts';

/** A token as the library's LR tables know it, with its own text and place for error messages. */
export interface Token {
  readonly type: number;
  readonly text: string;
  /** Index into the expression, UTF-16 units. */
  readonly index: number;
  /** What the grammar actions get: the text, but numbers as numbers and literals without their quotes. */
  readonly value: string | number;
}

/** Terminal numbers of the package's grammar (node_modules/xpath/xpath.js, "XPathParser.DOUBLEDOT = 2" and following). */
export const TOKEN = {
  end: 1,
  axisName: 14,
  functionName: 13,
  literal: 15,
  number: 16,
  anyName: 17,
  name: 18,
  prefixAny: 19,
  nodeType: 20,
  instructionWithLiteral: 21,
  bar: 27,
  slash: 28,
  doubleSlash: 4,
  leftBracket: 33,
} as const;

const SYMBOLS: ReadonlyMap<string, number> = new Map([
  ...Object.entries({ '..': 2, '::': 3, '//': 4, '!=': 5, '<=': 6, '>=': 7, '=': 22, '<': 23, '>': 24, '+': 25, '-': 26 }),
  ...Object.entries({ '|': 27, '/': 28, '(': 29, ')': 30, ',': 31, '@': 32, '[': 33, ']': 34, '.': 35, '*': 12 }),
]);
const OPERATOR_NAMES: ReadonlyMap<string, number> = new Map(Object.entries({ and: 8, or: 9, mod: 10, div: 11 }));
/** After these (`@ :: ( [ ,` and operators) `*` is a name test and `and` a name (XPath 1.0, section 3.7). */
const BEFORE_OPERAND: ReadonlySet<number> = new Set([
  32, 3, 29, 33, 31, 8, 9, 10, 11, 12, 28, 4, 27, 25, 26, 22, 5, 23, 6, 24, 7,
]);
const AXES =
  /^(?:ancestor|ancestor-or-self|attribute|child|descendant|descendant-or-self|following|following-sibling|namespace|parent|preceding|preceding-sibling|self)$/;

const NAME_START =
  'A-Z_a-z\\u00C0-\\u00D6\\u00D8-\\u00F6\\u00F8-\\u02FF\\u0370-\\u037D\\u037F-\\u1FFF\\u200C\\u200D\\u2070-\\u218F\\u2C00-\\u2FEF\\u3001-\\uD7FF\\uF900-\\uFDCF\\uFDF0-\\uFFFD\\u{10000}-\\u{EFFFF}';
const NC_NAME = `[${NAME_START}][${NAME_START}\\-.0-9\\u00B7\\u0300-\\u036F\\u203F\\u2040]*`;
const SCANNER = new RegExp(
  [
    '(?<space>[ \\t\\r\\n]+)',
    `(?<name>${NC_NAME}(?::(?:${NC_NAME}|(?<any>\\*)))?)`,
    '(?<number>[0-9]+(?:\\.[0-9]*)?|\\.[0-9]+)',
    '(?<literal>"[^"]*"|\'[^\']*\')',
    '(?<symbol>\\.\\.|::|//|!=|<=|>=|[()[\\],@|/=<>+*.-])',
  ].join('|'),
  'uy',
);
const OPENS = /[ \t\r\n]*\(/y;
const OPENS_AND_CLOSES = /[ \t\r\n]*\([ \t\r\n]*\)/y;
const NAMES_AXIS = /[ \t\r\n]*::/y;

/**
 * The tokens of `text` and the end token, disambiguated as section 3.7 demands. The package's own tokeniser is not used: it has no
 * positions, stops at a NUL, and rejects legal input (`count (a)`, `child :: a`, `1.`, `concat(a, *)`).
 *
 * @throws BrokerError user.query.invalid at the first character no token starts with, at a variable or an unknown axis.
 */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let index = 0;
  let afterOperand = false;
  while (index < text.length) {
    SCANNER.lastIndex = index;
    const groups = SCANNER.exec(text)?.groups;
    if (groups === undefined) throw unexpectedCharacter(text, index);
    const end = SCANNER.lastIndex;
    const token = tokenOf(text, index, end, groups, afterOperand);
    if (token !== undefined) {
      tokens.push(token);
      afterOperand = !BEFORE_OPERAND.has(token.type);
    }
    index = end;
  }
  tokens.push({ type: TOKEN.end, text: '', index: text.length, value: '' });
  return tokens;
}

type Groups = Record<string, string | undefined>;

function tokenOf(text: string, index: number, end: number, groups: Groups, afterOperand: boolean): Token | undefined {
  if (groups['space'] !== undefined) return undefined;
  const source = text.slice(index, end);
  const token = (type: number, value: string | number): Token => ({ type, text: source, index, value });
  if (groups['number'] !== undefined) return token(TOKEN.number, Number(source));
  if (groups['literal'] !== undefined) return token(TOKEN.literal, source.slice(1, -1));
  if (groups['name'] !== undefined)
    return token(nameType(text, index, source, end, groups['any'] !== undefined, afterOperand), source);
  if (source === '*' && !afterOperand) return token(TOKEN.anyName, source);
  return token(SYMBOLS.get(source) ?? TOKEN.end, source);
}

function nameType(text: string, index: number, name: string, end: number, any: boolean, afterOperand: boolean): number {
  const operator = afterOperand ? OPERATOR_NAMES.get(name) : undefined;
  if (operator !== undefined) return operator;
  if (any) return TOKEN.prefixAny;
  if (follows(NAMES_AXIS, text, end)) {
    if (!AXES.test(name)) throw queryError(`unknown axis '${name}'`, text, index);
    return TOKEN.axisName;
  }
  if (!follows(OPENS, text, end)) return TOKEN.name;
  if (name === 'comment' || name === 'text' || name === 'node') return TOKEN.nodeType;
  if (name !== 'processing-instruction') return TOKEN.functionName;
  return follows(OPENS_AND_CLOSES, text, end) ? TOKEN.nodeType : TOKEN.instructionWithLiteral;
}

function follows(pattern: RegExp, text: string, index: number): boolean {
  pattern.lastIndex = index;
  return pattern.test(text);
}

function unexpectedCharacter(text: string, index: number): Error {
  const char = String.fromCodePoint(text.codePointAt(index) ?? 0);
  if (char === '"' || char === "'") return queryError(`string literal ${char} is never closed`, text, index);
  if (char === '$') return queryError('variables are not available, unexpected $', text, index);
  return queryError(`unexpected character ${printable(char)}`, text, index);
}

function printable(char: string): string {
  if (/^[\x20-\x7E]$/.test(char)) return `'${char}'`;
  return `U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}
