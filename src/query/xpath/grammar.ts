import { type LibraryParser, library } from './library.ts';
import { queryError } from './query-error.ts';
import { TOKEN, type Token, tokenize } from './tokens.ts';

/** The library's tree of one expression, with the tokens that a later error may have to point at. */
export interface Grammar {
  readonly expression: object;
  /** The token behind a node of the tree: `|` of a union, `/` after a filter expression. */
  operatorOf(node: object): Token | undefined;
  /** The `[` that opened a predicate. */
  bracketOf(predicate: object): Token | undefined;
}

/** Productions whose operator token the library drops (see `reduceActions` in node_modules/xpath/xpath.js). */
const UNION = 24;
const FILTER_SLASH = 27;
const FILTER_DOUBLE_SLASH = 28;
const PREDICATE = 61;

/** Tokens that the library stores or drops without looking at them: their value may be the token itself. */
const WHOLE: ReadonlySet<number> = new Set([TOKEN.functionName, TOKEN.bar, TOKEN.slash, TOKEN.doubleSlash, TOKEN.leftBracket]);

/**
 * Runs the package's LR parser, which keeps its stacks in arrays: time and memory grow linearly, whatever the nesting.
 *
 * @throws BrokerError user.query.invalid naming column and token.
 */
export function parseGrammar(text: string): Grammar {
  const tokens = tokenize(text);
  const types = tokens.map((token) => token.type);
  const values = tokens.map((token) => (WHOLE.has(token.type) ? token : token.value));
  const operators = new WeakMap<object, Token>();
  const brackets = new WeakMap<object, Token>();
  const parser = new library.XPathParser();
  for (const production of [UNION, FILTER_SLASH, FILTER_DOUBLE_SLASH]) {
    remember(parser, production, (made, rhs) => operators.set(made, rhs[1] as Token));
  }
  remember(parser, PREDICATE, (made, rhs) => brackets.set(made, rhs[0] as Token));
  const parsed = tryParse(parser, types, values) ?? fail(parser, text, tokens, types, values);
  return {
    expression: parsed.expression,
    operatorOf: (node) => operators.get(node),
    bracketOf: (predicate) => brackets.get(predicate),
  };
}

function remember(parser: LibraryParser, production: number, note: (made: object, rhs: readonly unknown[]) => void): void {
  const action = parser.reduceActions[production];
  if (action === undefined) throw new Error(`xpath: no grammar action ${production}; has the package changed?`);
  parser.reduceActions[production] = (rhs) => {
    const made = action(rhs);
    note(made, rhs);
    return made;
  };
}

function tryParse(parser: LibraryParser, types: readonly number[], values: readonly unknown[]) {
  parser.tokenize = () => [types, values];
  try {
    return parser.parse('given as tokens');
  } catch (error) {
    // Its only way to say that no production fits; anything else is a bug, of ours or of the package.
    if (error instanceof Error && error.message === 'XPath parse error') return undefined;
    throw error;
  }
}

/** Parses once more, watching how far the parser reads: an LR parser never shifts the token that is wrong. */
function fail(
  parser: LibraryParser,
  text: string,
  tokens: readonly Token[],
  types: readonly number[],
  values: readonly unknown[],
): never {
  let read = 0;
  const watched = new Proxy(types, {
    get(target, key) {
      if (typeof key === 'string') read = Number(key);
      return Reflect.get(target, key);
    },
  });
  tryParse(parser, watched, values);
  const token = tokens[read] ?? tokens.at(-1);
  if (token === undefined || token.type === TOKEN.end) throw queryError('unexpected end', text, text.length);
  throw queryError(`unexpected ${quoted(token.text)}`, text, token.index);
}

function quoted(text: string): string {
  const short = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  return short.includes("'") ? short : `'${short}'`;
}
