import { shorten } from '../../../base/shorten.ts';
import { Regex } from '../regex.ts';
import type { Comparison, Condition, Operand, Term } from './ast.ts';
import { LikePattern } from './like.ts';
import { sql92Error, type Token, type TokenKind, tokenise } from './tokens.ts';

/** Deepest nesting of brackets and NOTs. */
const MAX_DEPTH = 100;

export interface ParsedCondition {
  readonly condition: Condition;
  readonly regexes: readonly Regex[];
}

/**
 * Reads a condition: OR binds weakest, then AND, NOT, comparisons, `+ -`, `* /`, and the sign.
 *
 * @throws BrokerError `user.illegalArgument` naming column and token.
 */
export function parseSql92(text: string): ParsedCondition {
  const parser = new Parser(text);
  return { condition: parser.parse(), regexes: parser.regexes };
}

/** A condition or a value: which it has to be shows only behind it, as in `(a + 1) > 2` and `(a > 1) AND b`. */
type Expression = Condition | Operand;

const COMPARISONS: readonly string[] = ['=', '<>', '<', '<=', '>', '>='];
const VALUE_KINDS: readonly string[] = ['literal', 'property', 'minus', 'sum', 'product'];

class Parser {
  readonly regexes: Regex[] = [];
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokenise(text);
  }

  parse(): Condition {
    const start = this.#token;
    const condition = this.#asCondition(this.#or(), start);
    if (this.#token.kind !== 'end') throw this.#unexpected();
    return condition;
  }

  #or(): Expression {
    return this.#chain('OR', 'or', () => this.#chain('AND', 'and', () => this.#not()));
  }

  #chain(keyword: string, kind: 'or' | 'and', operand: () => Expression): Expression {
    const start = this.#token;
    const first = operand();
    if (!this.#is('keyword', keyword)) return first;
    const conditions = [this.#asCondition(first, start)];
    while (this.#takes('keyword', keyword)) {
      const begin = this.#token;
      conditions.push(this.#asCondition(operand(), begin));
    }
    return { kind, conditions };
  }

  #not(): Expression {
    if (!this.#takes('keyword', 'NOT')) return this.#predicate();
    return this.#nested(() => {
      const start = this.#token;
      return { kind: 'not', condition: this.#asCondition(this.#not(), start) };
    });
  }

  #predicate(): Expression {
    const start = this.#token;
    const left = this.#sum();
    const { kind, text } = this.#token;
    if (kind === 'symbol' && COMPARISONS.includes(text)) {
      this.#next++;
      return { kind: 'comparison', operator: text as Comparison, left: this.#asOperand(left, start), right: this.#value() };
    }
    if (kind !== 'keyword' || text === 'AND' || text === 'OR') return left;
    const value = this.#asOperand(left, start);
    if (this.#takes('keyword', 'IS')) return this.#negatable((): Condition => this.#null(value));
    return this.#negatable(() => this.#keywordPredicate(value));
  }

  /** `NOT` in front of what `read` reads turns it round. */
  #negatable(read: () => Condition): Condition {
    return this.#takes('keyword', 'NOT') ? { kind: 'not', condition: read() } : read();
  }

  #null(value: Operand): Condition {
    this.#demand('keyword', 'NULL');
    return { kind: 'null', value };
  }

  #keywordPredicate(value: Operand): Condition {
    if (this.#takes('keyword', 'BETWEEN')) {
      const low = this.#value();
      this.#demand('keyword', 'AND');
      return { kind: 'between', value, low, high: this.#value() };
    }
    if (this.#takes('keyword', 'IN')) return { kind: 'in', value, items: this.#list() };
    if (this.#takes('keyword', 'LIKE')) return { kind: 'like', value, pattern: this.#likePattern() };
    if (this.#takes('keyword', 'REGEX')) return { kind: 'regex', value, regex: this.#regex() };
    throw this.#unexpected();
  }

  #list(): Operand[] {
    this.#demand('symbol', '(');
    const items = [this.#value()];
    while (this.#takes('symbol', ',')) items.push(this.#value());
    this.#demand('symbol', ')');
    return items;
  }

  #likePattern(): LikePattern {
    const pattern = this.#demand('string');
    if (!this.#takes('keyword', 'ESCAPE')) return new LikePattern(pattern.text, '');
    const escapeChar = this.#demand('string');
    if (Array.from(escapeChar.text).length === 1) return new LikePattern(pattern.text, escapeChar.text);
    throw sql92Error('behind ESCAPE stands one character', this.#text, escapeChar.index);
  }

  #regex(): Regex {
    const { text, index } = this.#demand('string');
    try {
      const regex = new Regex(text);
      this.regexes.push(regex);
      return regex;
    } catch (error) {
      throw sql92Error((error as Error).message, this.#text, index);
    }
  }

  #value(): Operand {
    const start = this.#token;
    return this.#asOperand(this.#sum(), start);
  }

  #sum(): Expression {
    return this.#arithmetic(
      ['+', '-'] as const,
      () => this.#product(),
      (first, rest) => ({ kind: 'sum', first, rest }),
    );
  }

  #product(): Expression {
    return this.#arithmetic(
      ['*', '/'] as const,
      () => this.#signed(),
      (first, rest) => ({ kind: 'product', first, rest }),
    );
  }

  #arithmetic<Operator extends string>(
    operators: readonly Operator[],
    read: () => Expression,
    build: (first: Operand, rest: readonly Term<Operator>[]) => Operand,
  ): Expression {
    const start = this.#token;
    const first = read();
    const rest: Term<Operator>[] = [];
    for (let operator = this.#takesOne(operators); operator !== undefined; operator = this.#takesOne(operators)) {
      const begin = this.#token;
      rest.push({ operator, operand: this.#asOperand(read(), begin) });
    }
    return rest.length === 0 ? first : build(this.#asOperand(first, start), rest);
  }

  #signed(): Expression {
    let isSigned = false;
    let isNegative = false;
    for (let sign = this.#takesOne(['+', '-']); sign !== undefined; sign = this.#takesOne(['+', '-'])) {
      isSigned = true;
      if (sign === '-') isNegative = !isNegative;
    }
    const start = this.#token;
    const expression = this.#primary();
    if (!isSigned) return expression;
    const operand = this.#asOperand(expression, start);
    return isNegative ? { kind: 'minus', operand } : operand;
  }

  #primary(): Expression {
    const token = this.#token;
    if (this.#takes('symbol', '(')) return this.#bracketed();
    if (token.kind === 'number') return this.#literal(Number(token.text));
    if (token.kind === 'string') return this.#literal(token.text);
    if (this.#is('keyword', 'TRUE') || this.#is('keyword', 'FALSE')) return this.#literal(token.text === 'TRUE');
    if (token.kind !== 'name') throw this.#unexpected();
    this.#next++;
    return { kind: 'property', name: token.text };
  }

  #bracketed(): Expression {
    return this.#nested(() => {
      const expression = this.#or();
      this.#demand('symbol', ')');
      return expression;
    });
  }

  #literal(value: string | number | boolean): Operand {
    this.#next++;
    return { kind: 'literal', value };
  }

  #nested<T>(read: () => T): T {
    if (++this.#depth > MAX_DEPTH) throw sql92Error(`nested deeper than ${MAX_DEPTH}`, this.#text, this.#token.index);
    const result = read();
    this.#depth--;
    return result;
  }

  get #token(): Token {
    return this.#tokens[this.#next] ?? { kind: 'end', text: 'end', index: this.#text.length };
  }

  #is(kind: TokenKind, text: string): boolean {
    return this.#token.kind === kind && this.#token.text === text;
  }

  #takes(kind: TokenKind, text: string): boolean {
    const is = this.#is(kind, text);
    if (is) this.#next++;
    return is;
  }

  #takesOne<Text extends string>(symbols: readonly Text[]): Text | undefined {
    return symbols.find((symbol) => this.#takes('symbol', symbol));
  }

  #demand(kind: TokenKind, text?: string): Token {
    const token = this.#token;
    if (token.kind !== kind || (text !== undefined && token.text !== text)) throw this.#unexpected(text ?? 'a text in quotes');
    this.#next++;
    return token;
  }

  #asCondition(expression: Expression, at: Token): Condition {
    if (isCondition(expression)) return expression;
    if (expression.kind === 'property') return { kind: 'truth', value: expression };
    if (expression.kind === 'literal' && typeof expression.value === 'boolean') return { kind: 'truth', value: expression };
    throw sql92Error('here is a value where a condition is needed', this.#text, at.index);
  }

  #asOperand(expression: Expression, at: Token): Operand {
    if (!isCondition(expression)) return expression;
    throw sql92Error('here is a condition where a value is needed', this.#text, at.index);
  }

  #unexpected(wanted?: string): Error {
    const { kind, text, index } = this.#token;
    const found = kind === 'end' ? 'unexpected end' : `unexpected "${shorten(text)}"`;
    return sql92Error(wanted === undefined ? found : `${found}, ${wanted} is needed`, this.#text, index);
  }
}

function isCondition(expression: Expression): expression is Condition {
  return !VALUE_KINDS.includes(expression.kind);
}
