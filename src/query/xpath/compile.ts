import { type ArithmeticOperator, type Expr, typeOf } from './ast.ts';
import { BOOLEAN_FUNCTIONS } from './boolean-functions.ts';
import { compileComparison } from './compile-comparison.ts';
import { compileNodeSet } from './compile-node-set.ts';
import { numberToBoolean, numberToString, toNumber } from './conversions.ts';
import type { Compiler, Scalar, Visit } from './evaluation.ts';
import type { FunctionName } from './function-signatures.ts';
import { NUMBER_FUNCTIONS } from './number-functions.ts';
import { compileSetToString, STRING_FUNCTIONS } from './string-functions.ts';

/** Compiles `expr` with boolean() around it; a node-set is left at its first node. */
export function compileBoolean(expr: Expr): Scalar<boolean> {
  switch (typeOf(expr)) {
    case 'boolean':
      return compileBooleanTyped(expr);
    case 'node-set':
      return compileExists(expr);
    case 'number': {
      const number = compileNumber(expr);
      return (run, node, position, size) => {
        run.budget.spend(1);
        return numberToBoolean(number(run, node, position, size));
      };
    }
    case 'string': {
      const string = compileString(expr);
      return (run, node, position, size) => {
        run.budget.spend(1);
        return string(run, node, position, size).length > 0;
      };
    }
  }
}

/** Compiles `expr` with number() around it. */
function compileNumber(expr: Expr): Scalar<number> {
  switch (typeOf(expr)) {
    case 'number':
      return compileNumberTyped(expr);
    case 'boolean': {
      const boolean = compileBooleanTyped(expr);
      return (run, node, position, size) => {
        run.budget.spend(1);
        return Number(boolean(run, node, position, size));
      };
    }
    default: {
      const string = compileString(expr);
      return (run, node, position, size) => toNumber(run, string(run, node, position, size));
    }
  }
}

/** Compiles `expr` with string() around it. */
function compileString(expr: Expr): Scalar<string> {
  switch (typeOf(expr)) {
    case 'string':
      return compileStringTyped(expr);
    case 'node-set':
      return compileSetToString(expr, COMPILER);
    case 'number': {
      const number = compileNumberTyped(expr);
      return (run, node, position, size) => {
        run.budget.spend(4);
        return numberToString(number(run, node, position, size));
      };
    }
    case 'boolean': {
      const boolean = compileBooleanTyped(expr);
      return (run, node, position, size) => {
        run.budget.spend(1);
        return String(boolean(run, node, position, size));
      };
    }
  }
}

const COMPILER: Compiler = {
  boolean: compileBoolean,
  number: compileNumber,
  string: compileString,
  nodeSet: (expr) => compileNodeSet(expr, COMPILER),
};

const stop: Visit<undefined> = () => true;

function compileExists(expr: Expr): Scalar<boolean> {
  const walk = COMPILER.nodeSet(expr).walk(stop);
  return (run, node) => walk(run, node, undefined);
}

function compileBooleanTyped(expr: Expr): Scalar<boolean> {
  if (expr.kind === 'comparison') return compileComparison(expr.operator, expr.left, expr.right, COMPILER);
  if (expr.kind === 'call') return compileCall(BOOLEAN_FUNCTIONS, expr.name, expr.args);
  if (expr.kind !== 'or' && expr.kind !== 'and') throw misfit(expr);
  const operands = expr.operands.map(compileBoolean);
  const decisive = expr.kind === 'or'; // the operand value that settles the whole
  return (run, node, position, size) => {
    for (const operand of operands) {
      run.budget.spend(1);
      if (operand(run, node, position, size) === decisive) return decisive;
    }
    return !decisive;
  };
}

function compileNumberTyped(expr: Expr): Scalar<number> {
  switch (expr.kind) {
    case 'number': {
      const { value } = expr;
      return () => value;
    }
    case 'negation': {
      const operand = compileNumber(expr.operand);
      return (run, node, position, size) => {
        run.budget.spend(1);
        return -operand(run, node, position, size);
      };
    }
    case 'arithmetic': {
      const left = compileNumber(expr.left);
      const right = compileNumber(expr.right);
      const compute = ARITHMETIC[expr.operator];
      return (run, node, position, size) => {
        run.budget.spend(1);
        return compute(left(run, node, position, size), right(run, node, position, size));
      };
    }
    case 'call':
      return compileCall(NUMBER_FUNCTIONS, expr.name, expr.args);
    default:
      throw misfit(expr);
  }
}

/** IEEE 754 throughout, and mod keeps the sign of the dividend (XPath 1.0, section 3.5), as JavaScript's operators do. */
const ARITHMETIC: Readonly<Record<ArithmeticOperator, (left: number, right: number) => number>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  div: (left, right) => left / right,
  mod: (left, right) => left % right,
};

function compileStringTyped(expr: Expr): Scalar<string> {
  if (expr.kind === 'call') return compileCall(STRING_FUNCTIONS, expr.name, expr.args);
  if (expr.kind !== 'literal') throw misfit(expr);
  const { value } = expr;
  return () => value;
}

type Functions<T> = Readonly<Partial<Record<FunctionName, (args: readonly Expr[], compiler: Compiler) => Scalar<T>>>>;

function compileCall<T>(functions: Functions<T>, name: FunctionName, args: readonly Expr[]): Scalar<T> {
  const compile = functions[name];
  if (compile === undefined) throw new Error(`xpath: ${name}() is declared but not implemented`);
  return compile(args, COMPILER);
}

function misfit(expr: Expr): Error {
  return new Error(`xpath: a ${expr.kind} where typeOf() promised another type`);
}
