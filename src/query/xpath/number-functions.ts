import type { Expr } from './ast.ts';
import { stringValue, toNumber } from './conversions.ts';
import type { Compiler, Scalar } from './evaluation.ts';
import type { FunctionName } from './function-signatures.ts';
import { collect } from './node-set.ts';
import { given, lengthOf } from './string-functions.ts';

type CompileNumber = (args: readonly Expr[], compiler: Compiler) => Scalar<number>;

/** The functions that return numbers (XPath 1.0, sections 4.1, 4.2 and 4.4). */
export const NUMBER_FUNCTIONS: Readonly<Partial<Record<FunctionName, CompileNumber>>> = {
  last: () => (_run, _node, _position, size) => size,
  position: () => (_run, _node, position) => position,
  count: ([set], compiler) => {
    const nodes = collect(compiler.nodeSet(given(set)));
    return (run, node) => nodes(run, node).length;
  },
  'string-length': ([value], compiler) => {
    const text = compiler.string(given(value));
    return (...context) => lengthOf(context[0], text(...context));
  },
  number: ([value], compiler) => compiler.number(given(value)),
  sum: compileSum,
  floor: ([value], compiler) => compileRounding(given(value), compiler, Math.floor),
  ceiling: ([value], compiler) => compileRounding(given(value), compiler, Math.ceil),
  /** Halves go up, -0.5 to -0, exactly as in Math.round. */
  round: ([value], compiler) => compileRounding(given(value), compiler, Math.round),
};

function compileRounding(value: Expr, compiler: Compiler, round: (value: number) => number): Scalar<number> {
  const number = compiler.number(value);
  return (...context) => {
    context[0].budget.spend(1);
    return round(number(...context));
  };
}

function compileSum([set]: readonly Expr[], compiler: Compiler): Scalar<number> {
  const nodes = collect(compiler.nodeSet(given(set)));
  return (run, node) => {
    let total = 0;
    for (const summand of nodes(run, node)) total += toNumber(run, stringValue(run, summand));
    return total;
  };
}
