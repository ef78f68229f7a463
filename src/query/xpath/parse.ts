import { BrokerError } from '../../model/error.ts';
import {
  type ArithmeticOperator,
  type Axis,
  type ComparisonOperator,
  type Expr,
  isPositional,
  type NodeTest,
  type Step,
  typeOf,
} from './ast.ts';
import { isFunctionName, type Signature, signatureOf } from './function-signatures.ts';
import { type Grammar, parseGrammar } from './grammar.ts';
import { type LibraryCall, type LibraryNodeTest, type LibraryPath, type LibraryStep, library } from './library.ts';
import { queryError } from './query-error.ts';
import type { Token } from './tokens.ts';

/** Levels of brackets, calls, operators and path steps inside each other; it bounds the recursion here and of each evaluation. */
const MAX_DEPTH = 100;

/**
 * The canonical tree of `text`.
 *
 * @throws BrokerError user.query.invalid, with column and token: syntax, unknown function, number or type of arguments, a variable,
 * a step, predicate or union on something that is not a node-set; without a column: nested deeper than MAX_DEPTH.
 */
export function parseXPath(text: string): Expr {
  const grammar = parseGrammar(text);
  return new TreeReader(text, grammar).read(grammar.expression, 0);
}

/** In the order of the library's axis numbers. */
const AXES: readonly Axis[] = [
  'ancestor',
  'ancestor-or-self',
  'attribute',
  'child',
  'descendant',
  'descendant-or-self',
  'following',
  'following-sibling',
  'namespace',
  'parent',
  'preceding',
  'preceding-sibling',
  'self',
];

const COMPARISONS = new Map<unknown, ComparisonOperator>([
  [library.EqualsOperation, '='],
  [library.NotEqualOperation, '!='],
  [library.LessThanOperation, '<'],
  [library.LessThanOrEqualOperation, '<='],
  [library.GreaterThanOperation, '>'],
  [library.GreaterThanOrEqualOperation, '>='],
]);

const ARITHMETIC = new Map<unknown, ArithmeticOperator>([
  [library.PlusOperation, '+'],
  [library.MinusOperation, '-'],
  [library.MultiplyOperation, '*'],
  [library.DivOperation, 'div'],
  [library.ModOperation, 'mod'],
]);

const LISTS = [
  ['or', library.OrOperation],
  ['and', library.AndOperation],
  ['union', library.BarOperation],
] as const;

const CONTEXT: Expr = { kind: 'path', start: 'context', steps: [] };
const NODE: NodeTest = { kind: 'node' };

class TreeReader {
  readonly #text: string;
  readonly #grammar: Grammar;

  constructor(text: string, grammar: Grammar) {
    this.#text = text;
    this.#grammar = grammar;
  }

  read(node: object, depth: number): Expr {
    checkDepth(depth);
    if (node instanceof library.PathExpr) return this.#path(node, depth);
    if (node instanceof library.XString) return { kind: 'literal', value: node.str };
    if (node instanceof library.XNumber) return { kind: 'number', value: node.num };
    if (node instanceof library.FunctionCall) return this.#call(node, depth);
    if (node instanceof library.UnaryMinusOperation) return this.#negation(node, depth);
    for (const [kind, operation] of LISTS) if (node instanceof operation) return this.#list(kind, operation, node, depth);
    return this.#binary(node, depth);
  }

  /** `a or b or c` is one list, so that a long chain is not a deep tree. */
  #list(kind: 'or' | 'and' | 'union', operation: (typeof LISTS)[number][1], last: object, depth: number): Expr {
    const operands: Expr[] = [];
    let node = last;
    while (node instanceof operation) {
      operands.push(this.#operand(kind, node, node.rhs, depth));
      const left: object = node.lhs;
      if (!(left instanceof operation)) operands.push(this.#operand(kind, node, left, depth));
      node = left;
    }
    return { kind, operands: operands.reverse() };
  }

  #operand(kind: 'or' | 'and' | 'union', operation: object, node: object, depth: number): Expr {
    const expr = this.read(node, depth + 1);
    if (kind === 'union') this.#demandNodeSet(expr, this.#grammar.operatorOf(operation));
    return expr;
  }

  #binary(node: object, depth: number): Expr {
    const { lhs, rhs } = node as { lhs: object; rhs: object };
    const left = this.read(lhs, depth + 1);
    const right = this.read(rhs, depth + 1);
    const comparison = COMPARISONS.get(node.constructor);
    if (comparison !== undefined) return { kind: 'comparison', operator: comparison, left, right };
    const operator = ARITHMETIC.get(node.constructor);
    if (operator === undefined) throw new Error('xpath: unknown node in its tree; has the package changed?');
    return { kind: 'arithmetic', operator, left, right };
  }

  /** `--a` is number(a): two signs cancel out, so that a row of them is not a deep tree. */
  #negation(first: object, depth: number): Expr {
    let node = first;
    let negative = false;
    while (node instanceof library.UnaryMinusOperation) {
      negative = !negative;
      node = node.rhs;
    }
    const operand = this.read(node, depth + 1);
    return negative ? { kind: 'negation', operand } : { kind: 'call', name: 'number', args: [operand] };
  }

  #call(call: LibraryCall, depth: number): Expr {
    const token = call.functionName as Token;
    const name = token.text;
    if (!isFunctionName(name)) throw queryError(`unknown function ${name}()`, this.#text, token.index);
    const signature = signatureOf(name);
    this.#checkArity(token, signature, call.arguments.length);
    const args = call.arguments.map((arg) => this.read(arg, depth + 1));
    if (args.length === 0 && signature.defaultsToContext) args.push(CONTEXT);
    args.forEach((arg, index) => {
      if (signature.params[index] !== 'node-set' || typeOf(arg) === 'node-set') return;
      throw queryError(`${name}() takes a node-set, not a ${typeOf(arg)}`, this.#text, token.index);
    });
    return { kind: 'call', name, args };
  }

  #checkArity(token: Token, signature: Signature, given: number): void {
    const most = signature.variadic ? Number.POSITIVE_INFINITY : signature.params.length;
    if (given >= signature.required && given <= most) return;
    const wanted =
      signature.required === most ? `${most}` : `${signature.required} ${signature.variadic ? 'or more' : `to ${most}`}`;
    throw queryError(
      `${token.text}() takes ${wanted} argument${wanted === '1' ? '' : 's'}, not ${given}`,
      this.#text,
      token.index,
    );
  }

  #path(path: LibraryPath, depth: number): Expr {
    const { filter, filterPredicates = [], locationPath } = path;
    if (filter === undefined) {
      return {
        kind: 'path',
        start: locationPath?.absolute ? 'root' : 'context',
        steps: this.#steps(locationPath?.steps ?? [], depth),
      };
    }
    let base = this.read(filter, filter instanceof library.FunctionCall ? depth : depth + 1);
    for (const predicate of filterPredicates) this.#demandNodeSet(base, this.#grammar.bracketOf(predicate));
    if (filterPredicates.length > 0) base = { kind: 'filter', base, predicates: this.#predicates(filterPredicates, depth) };
    if (locationPath === undefined) return base;
    this.#demandNodeSet(base, this.#grammar.operatorOf(path));
    return { kind: 'path', start: base, steps: this.#steps(locationPath.steps, depth) };
  }

  #steps(librarySteps: readonly LibraryStep[], depth: number): Step[] {
    const steps: Step[] = [];
    for (const { axis, nodeTest, predicates } of librarySteps) {
      checkDepth(depth + steps.length);
      const step = {
        axis: AXES[axis] ?? 'self',
        test: nodeTestOf(nodeTest),
        predicates: this.#predicates(predicates, depth + steps.length),
      };
      appendStep(steps, step);
    }
    return steps;
  }

  #predicates(predicates: readonly object[], depth: number): Expr[] {
    return predicates.map((predicate) => this.read(predicate, depth + 1));
  }

  #demandNodeSet(expr: Expr, token: Token | undefined): void {
    if (typeOf(expr) === 'node-set') return;
    throw queryError(`'${token?.text}' needs a node-set, not a ${typeOf(expr)}`, this.#text, token?.index ?? 0);
  }
}

/** `descendant-or-self::node()/child::a` selects what `descendant::a` does unless positions count; `self::node()` changes nothing. */
function appendStep(steps: Step[], step: Step): void {
  if (step.predicates.length === 0 && step.axis === 'self' && step.test.kind === 'node') return;
  const before = steps.at(-1);
  const joins = before?.axis === 'descendant-or-self' && before.test.kind === 'node' && before.predicates.length === 0;
  if (!joins || step.axis !== 'child' || step.predicates.some(isPositional)) {
    steps.push(step);
    return;
  }
  steps[steps.length - 1] = { ...step, axis: 'descendant' };
}

function nodeTestOf(test: LibraryNodeTest): NodeTest {
  switch (test.type) {
    case 0:
      return { kind: 'any-name' };
    case 1:
      return { kind: 'prefix', prefix: `${test.prefix}:` };
    case 2:
      return { kind: 'name', name: test.name ?? '' };
    case 4:
      return { kind: 'text' };
    case 6:
      return NODE;
    default:
      return { kind: 'nothing' };
  }
}

function checkDepth(depth: number): void {
  if (depth <= MAX_DEPTH) return;
  throw new BrokerError('user.query.invalid', `XPath: nested deeper than ${MAX_DEPTH} levels of brackets, operators and steps`);
}
