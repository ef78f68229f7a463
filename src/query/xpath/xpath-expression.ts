import { BrokerError } from '../../model/error.ts';
import type { Expr } from './ast.ts';
import { Budget } from './budget.ts';
import { type Canonical, type Constants, canonicalise } from './canonical.ts';
import { compileForm } from './compile.ts';
import type { Scalar } from './evaluation.ts';
import { parseXPath } from './parse.ts';
import type { TopicDocument } from './topic-document.ts';

export interface XPathLimits {
  /** Longest expression, bytes of UTF-8. */
  readonly maxBytes: number;
}

const DEFAULT_XPATH_LIMITS: XPathLimits = { maxBytes: 4096 };

/** One compiled XPath 1.0 expression: immutable, without state between evaluations. */
export class XPathExpression {
  /** Equal for expressions that mean the same, written differently. */
  readonly canonical: string;
  readonly #constants: Constants;
  readonly #evaluate: Scalar<boolean>;

  /** @param evaluate the code of its form. */
  constructor({ text, constants }: Canonical, evaluate: Scalar<boolean>) {
    this.canonical = text;
    this.#constants = constants;
    this.#evaluate = evaluate;
  }

  /**
   * Does the topic match: a node-set that is not empty, or boolean() of any other value; the context node is the root node.
   *
   * @param budget by default 100,000 steps for this evaluation alone.
   * @throws XPathBudgetError when the evaluation costs more than is left of the budget.
   */
  matches(document: TopicDocument, budget: Budget = new Budget()): boolean {
    return this.#evaluate({ document, budget, constants: this.#constants }, 0, 1, 1);
  }
}

/**
 * Checks and compiles an expression that a stranger wrote.
 *
 * @throws BrokerError user.maxSizeExceed when it is longer than `limits.maxBytes`; user.query.invalid, naming column and token,
 * for syntax, unknown functions, wrong arguments and variables, and for more than 100 levels of nesting.
 */
export function compileXPath(text: string, limits: XPathLimits = DEFAULT_XPATH_LIMITS): XPathExpression {
  const expr = readXPath(text, limits);
  const canonical = canonicalise(expr);
  return new XPathExpression(canonical, compileForm(expr, canonical.slots));
}

/** The first half of `compileXPath`: length and syntax are checked, nothing is compiled. Throws the same. */
export function readXPath(text: string, limits: XPathLimits): Expr {
  const bytes = Buffer.byteLength(text);
  if (bytes > limits.maxBytes) {
    throw new BrokerError('user.maxSizeExceed', `XPath of ${bytes} bytes, at most ${limits.maxBytes} are accepted`);
  }
  return parseXPath(text);
}
