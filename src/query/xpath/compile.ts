import { type ArithmeticOperator, type Expr, type NodeTest, typeOf } from './ast.ts';
import { BOOLEAN_FUNCTIONS } from './boolean-functions.ts';
import type { Canonical } from './canonical.ts';
import { compileComparison } from './compile-comparison.ts';
import { compileNodeSet } from './compile-node-set.ts';
import { numberToBoolean, numberToString, toNumber } from './conversions.ts';
import type { Compiler, NodeSet, Scalar, Visit } from './evaluation.ts';
import type { FunctionName } from './function-signatures.ts';
import { NUMBER_FUNCTIONS } from './number-functions.ts';
import { compileSetToString, STRING_FUNCTIONS } from './string-functions.ts';

/**
 * Compiles `expr` with boolean() around it; a node-set is left at its first node. The code has no constants of its own, so that
 * it serves all expressions of the same form.
 */
export function compileForm(expr: Expr, slots: Canonical['slots']): Scalar<boolean> {
  return new FormCompiler(slots).boolean(expr);
}

/** Its methods go from hand to hand, so they are bound. */
class FormCompiler implements Compiler {
  readonly #slots: Canonical['slots'];

  constructor(slots: Canonical['slots']) {
    this.#slots = slots;
  }

  readonly slotOf = (constant: Expr | NodeTest): number => {
    const slot = this.#slots.get(constant);
    if (slot === undefined) throw new Error('xpath: a constant without a slot');
    return slot;
  };

  readonly nodeSet = (expr: Expr): NodeSet => compileNodeSet(expr, this);

  /** `expr` with boolean() around it. */
  readonly boolean = (expr: Expr): Scalar<boolean> => {
    switch (typeOf(expr)) {
      case 'boolean':
        return this.#booleanTyped(expr);
      case 'node-set':
        return this.#exists(expr);
      case 'number': {
        const number = this.number(expr);
        return (run, node, position, size) => {
          run.budget.spend(1);
          return numberToBoolean(number(run, node, position, size));
        };
      }
      case 'string': {
        const string = this.string(expr);
        return (run, node, position, size) => {
          run.budget.spend(1);
          return string(run, node, position, size).length > 0;
        };
      }
    }
  };

  /** `expr` with number() around it. */
  readonly number = (expr: Expr): Scalar<number> => {
    switch (typeOf(expr)) {
      case 'number':
        return this.#numberTyped(expr);
      case 'boolean': {
        const boolean = this.#booleanTyped(expr);
        return (run, node, position, size) => {
          run.budget.spend(1);
          return Number(boolean(run, node, position, size));
        };
      }
      default: {
        const string = this.string(expr);
        return (run, node, position, size) => toNumber(run, string(run, node, position, size));
      }
    }
  };

  /** `expr` with string() around it. */
  readonly string = (expr: Expr): Scalar<string> => {
    switch (typeOf(expr)) {
      case 'string':
        return this.#stringTyped(expr);
      case 'node-set':
        return compileSetToString(expr, this);
      case 'number': {
        const number = this.#numberTyped(expr);
        return (run, node, position, size) => {
          run.budget.spend(4);
          return numberToString(number(run, node, position, size));
        };
      }
      case 'boolean': {
        const boolean = this.#booleanTyped(expr);
        return (run, node, position, size) => {
          run.budget.spend(1);
          return String(boolean(run, node, position, size));
        };
      }
    }
  };

  #exists(expr: Expr): Scalar<boolean> {
    const walk = this.nodeSet(expr).walk(stop);
    return (run, node) => walk(run, node, undefined);
  }

  #booleanTyped(expr: Expr): Scalar<boolean> {
    if (expr.kind === 'comparison') return compileComparison(expr.operator, expr.left, expr.right, this);
    if (expr.kind === 'call') return this.#call(BOOLEAN_FUNCTIONS, expr.name, expr.args);
    if (expr.kind !== 'or' && expr.kind !== 'and') throw misfit(expr);
    const operands = expr.operands.map(this.boolean);
    const decisive = expr.kind === 'or'; // the operand value that settles the whole
    return (run, node, position, size) => {
      for (const operand of operands) {
        run.budget.spend(1);
        if (operand(run, node, position, size) === decisive) return decisive;
      }
      return !decisive;
    };
  }

  #numberTyped(expr: Expr): Scalar<number> {
    switch (expr.kind) {
      case 'number': {
        const slot = this.slotOf(expr);
        return ({ constants }) => constants.numbers[slot] ?? Number.NaN;
      }
      case 'negation': {
        const operand = this.number(expr.operand);
        return (run, node, position, size) => {
          run.budget.spend(1);
          return -operand(run, node, position, size);
        };
      }
      case 'arithmetic': {
        const left = this.number(expr.left);
        const right = this.number(expr.right);
        const compute = ARITHMETIC[expr.operator];
        return (run, node, position, size) => {
          run.budget.spend(1);
          return compute(left(run, node, position, size), right(run, node, position, size));
        };
      }
      case 'call':
        return this.#call(NUMBER_FUNCTIONS, expr.name, expr.args);
      default:
        throw misfit(expr);
    }
  }

  #stringTyped(expr: Expr): Scalar<string> {
    if (expr.kind === 'call') return this.#call(STRING_FUNCTIONS, expr.name, expr.args);
    if (expr.kind !== 'literal') throw misfit(expr);
    const slot = this.slotOf(expr);
    return ({ constants }) => constants.texts[slot] ?? '';
  }

  #call<T>(functions: Functions<T>, name: FunctionName, args: readonly Expr[]): Scalar<T> {
    const compile = functions[name];
    if (compile === undefined) throw new Error(`xpath: ${name}() is declared but not implemented`);
    return compile(args, this);
  }
}

const stop: Visit<undefined> = () => true;

/** IEEE 754 throughout, and mod keeps the sign of the dividend (XPath 1.0, section 3.5), as JavaScript's operators do. */
const ARITHMETIC: Readonly<Record<ArithmeticOperator, (left: number, right: number) => number>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  div: (left, right) => left / right,
  mod: (left, right) => left % right,
};

type Functions<T> = Readonly<Partial<Record<FunctionName, (args: readonly Expr[], compiler: Compiler) => Scalar<T>>>>;

function misfit(expr: Expr): Error {
  return new Error(`xpath: a ${expr.kind} where typeOf() promised another type`);
}
