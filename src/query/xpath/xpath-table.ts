import { canonicalise } from './canonical.ts';
import { CompiledForms } from './compiled-forms.ts';
import { DEFAULT_XPATH_LIMITS, readXPath, XPathExpression, type XPathLimits } from './xpath-expression.ts';

interface Entry {
  readonly expression: XPathExpression;
  holders: number;
}

/**
 * The compiled expressions in use: subscriptions whose expressions mean the same share one object, so that it is evaluated once.
 * Bounded by its holders: whoever acquires releases, and an expression nobody holds is dropped at once.
 */
export class XPathTable {
  readonly #limits: XPathLimits;
  readonly #forms = new CompiledForms();
  readonly #entries = new Map<string, Entry>();

  constructor(limits: XPathLimits = DEFAULT_XPATH_LIMITS) {
    this.#limits = limits;
  }

  /** Different expressions held. */
  get size(): number {
    return this.#entries.size;
  }

  /** The shared object of `text`, held once more. Throws what `compileXPath` throws; then nothing is held. */
  acquire(text: string): XPathExpression {
    const expr = readXPath(text, this.#limits);
    const canonical = canonicalise(expr);
    const known = this.#entries.get(canonical.text);
    if (known !== undefined) {
      known.holders++;
      return known.expression;
    }
    const expression = new XPathExpression(canonical, this.#forms.compile(expr, canonical));
    this.#entries.set(canonical.text, { expression, holders: 1 });
    return expression;
  }

  /** Gives back one `acquire`. A bug when nothing is held, so it throws. */
  release(expression: XPathExpression): void {
    const entry = this.#entries.get(expression.canonical);
    if (entry === undefined || entry.expression !== expression) throw new Error('XPathTable: released more often than acquired');
    entry.holders--;
    if (entry.holders === 0) this.#entries.delete(expression.canonical);
  }
}
