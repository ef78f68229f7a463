import type { Expr, NodeTest, Step } from './ast.ts';

/** The literals, names and numbers of an expression, in the order of their slots. */
export interface Constants {
  readonly texts: readonly string[];
  readonly numbers: readonly number[];
}

/** An expression taken apart into the form that it shares with many others and the constants that are its own. */
export interface Canonical {
  /** Equal for expressions that evaluate alike, so that they can share one object. */
  readonly text: string;
  /** Close to XPath, with `$` for a literal, `?` for a name and `#` for a number. It is never parsed again. */
  readonly form: string;
  readonly constants: Constants;
  /** Which constant a literal, number or node test of the tree is. */
  readonly slots: ReadonlyMap<Expr | NodeTest, number>;
}

export function canonicalise(expr: Expr): Canonical {
  const writer = new FormWriter();
  const form = writer.expr(expr);
  const { texts, numbers, slots } = writer;
  // Copies, since what has grown by push() has room for 16 more.
  const constants = { texts: texts.slice(), numbers: numbers.length === 0 ? NO_NUMBERS : numbers.slice() };
  return { text: `${form} ${JSON.stringify(texts)} ${numbers.join()}`, form, constants, slots };
}

const NO_NUMBERS: readonly number[] = [];

class FormWriter {
  readonly texts: string[] = [];
  readonly numbers: number[] = [];
  readonly slots = new Map<Expr | NodeTest, number>();

  expr(expr: Expr): string {
    switch (expr.kind) {
      case 'literal':
        return this.#text(expr, expr.value, '$');
      case 'number':
        this.slots.set(expr, this.numbers.push(expr.value) - 1);
        return '#';
      case 'or':
      case 'and':
        return `(${this.#list(expr.operands, ` ${expr.kind} `)})`;
      case 'union':
        return `(${this.#list(expr.operands, '|')})`;
      case 'comparison':
      case 'arithmetic':
        return `(${this.expr(expr.left)} ${expr.operator} ${this.expr(expr.right)})`;
      case 'negation':
        return `(-${this.expr(expr.operand)})`;
      case 'call':
        return `${expr.name}(${this.#list(expr.args, ',')})`;
      case 'filter':
        return `(${this.expr(expr.base)})${this.#predicates(expr.predicates)}`;
      case 'path':
        return this.#start(expr.start) + expr.steps.map((step) => this.#step(step)).join('/');
    }
  }

  #list(exprs: readonly Expr[], separator: string): string {
    return exprs.map((expr) => this.expr(expr)).join(separator);
  }

  #start(start: 'root' | 'context' | Expr): string {
    if (start === 'root') return '/';
    return start === 'context' ? './' : `(${this.expr(start)})/`;
  }

  #step(step: Step): string {
    return `${step.axis}::${this.#test(step.test)}${this.#predicates(step.predicates)}`;
  }

  #predicates(predicates: readonly Expr[]): string {
    return predicates.map((predicate) => `[${this.expr(predicate)}]`).join('');
  }

  #test(test: NodeTest): string {
    switch (test.kind) {
      case 'any-name':
        return '*';
      case 'prefix':
        return this.#text(test, test.prefix, '?*');
      case 'name':
        return this.#text(test, test.name, '?');
      case 'node':
      case 'text':
      case 'nothing':
        return `${test.kind}()`;
    }
  }

  #text(owner: Expr | NodeTest, text: string, placeholder: string): string {
    this.slots.set(owner, this.texts.push(text) - 1);
    return placeholder;
  }
}
