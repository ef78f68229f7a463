import { type Expr, typeOf } from './ast.ts';
import { stringValue } from './conversions.ts';
import type { Compiler, Run, Scalar } from './evaluation.ts';
import type { FunctionName } from './function-signatures.ts';
import { collect, first } from './node-set.ts';
import { find } from './text-search.ts';

type CompileString = (args: readonly Expr[], compiler: Compiler) => Scalar<string>;

/** The functions that return strings (XPath 1.0, sections 4.1 and 4.2), and one of the original's XPathFilter. A character is a code point (section 3.6). */
export const STRING_FUNCTIONS: Readonly<Partial<Record<FunctionName, CompileString>>> = {
  name: compileName,
  'local-name': compileName,
  'namespace-uri': () => () => '',
  string: ([value], compiler) => compiler.string(given(value)),
  concat: compileConcat,
  'substring-before': (args, compiler) => compileCut(args, compiler, (text, index) => text.slice(0, index)),
  'substring-after': (args, compiler) => compileCut(args, compiler, (text, index, cut) => text.slice(index + cut.length)),
  substring: compileSubstring,
  'recursive-text': compileRecursiveText,
  'normalize-space': ([value], compiler) => {
    const text = compiler.string(given(value));
    return (...context) => normalizeSpace(context[0], text(...context));
  },
  translate: ([value, from, to], compiler) => {
    const text = compiler.string(given(value));
    const fromText = compiler.string(given(from));
    const toText = compiler.string(given(to));
    return (...context) => translate(context[0], text(...context), fromText(...context), toText(...context));
  },
};

/** An argument that parsing has made sure of. */
export function given(arg: Expr | undefined): Expr {
  if (arg === undefined) throw new Error('xpath: an argument is missing that parsing should have demanded');
  return arg;
}

const SURROGATE = /[\uD800-\uDFFF]/;

/** string-length(): code points, not UTF-16 units. */
export function lengthOf(run: Run, text: string): number {
  run.budget.spend(1 + (text.length >> 5));
  if (!SURROGATE.test(text)) return text.length;
  run.budget.spend(text.length >> 2);
  return Array.from(text).length;
}

/** Names are literal, so local-name() is name(). */
function compileName([set]: readonly Expr[], compiler: Compiler): Scalar<string> {
  const firstNode = first(compiler.nodeSet(given(set)));
  return (run, node) => run.document.name(firstNode(run, node));
}

/** The text inside of all nodes of a set, one after the other, where string() takes the first node; string() of anything else. */
function compileRecursiveText([value]: readonly Expr[], compiler: Compiler): Scalar<string> {
  const expr = given(value);
  if (typeOf(expr) !== 'node-set') return compiler.string(expr);
  const nodes = collect(compiler.nodeSet(expr));
  return (run, node) => {
    let text = '';
    for (const found of nodes(run, node)) text += stringValue(run, found);
    return text;
  };
}

function compileConcat(args: readonly Expr[], compiler: Compiler): Scalar<string> {
  const parts = args.map(compiler.string);
  return (...context) => {
    let text = '';
    for (const part of parts) {
      const piece = part(...context);
      context[0].budget.spend(1 + (piece.length >> 6));
      text += piece;
    }
    return text;
  };
}

function compileCut(
  args: readonly Expr[],
  compiler: Compiler,
  cut: (text: string, index: number, needle: string) => string,
): Scalar<string> {
  const text = compiler.string(given(args[0]));
  const needle = compiler.string(given(args[1]));
  return (...context) => {
    const haystack = text(...context);
    const wanted = needle(...context);
    const index = find(context[0], haystack, wanted);
    return index < 0 ? '' : cut(haystack, index, wanted);
  };
}

function compileSubstring(args: readonly Expr[], compiler: Compiler): Scalar<string> {
  const text = compiler.string(given(args[0]));
  const start = compiler.number(given(args[1]));
  const length = args[2] === undefined ? undefined : compiler.number(args[2]);
  return (...context) => {
    const from = Math.round(start(...context));
    const to = length === undefined ? Number.POSITIVE_INFINITY : from + Math.round(length(...context));
    return substring(context[0], text(...context), from, to);
  };
}

/** Characters at positions p, from 1, with from <= p < to; NaN on either side selects none. */
function substring(run: Run, text: string, from: number, to: number): string {
  run.budget.spend(1 + (text.length >> 5));
  if (!(from < to)) return '';
  const start = Math.max(from - 1, 0);
  const end = Math.max(to - 1, 0);
  if (!SURROGATE.test(text)) return text.slice(start, end);
  run.budget.spend(text.length >> 2);
  return Array.from(text).slice(start, end).join('');
}

function normalizeSpace(run: Run, text: string): string {
  run.budget.spend(1 + (text.length >> 2));
  return text.replace(/[ \t\r\n]+/g, ' ').replace(/^ | $/g, '');
}

function translate(run: Run, text: string, from: string, to: string): string {
  run.budget.spend(1 + (text.length + from.length + to.length));
  const targets = Array.from(to);
  const replacements = new Map<string, string>();
  Array.from(from).forEach((char, index) => {
    if (!replacements.has(char)) replacements.set(char, targets[index] ?? '');
  });
  let result = '';
  for (const char of text) result += replacements.get(char) ?? char;
  return result;
}

/** The string-value of the set's first node in document order, '' for an empty set (section 4.2). */
export function compileSetToString(expr: Expr, compiler: Compiler): Scalar<string> {
  const firstNode = first(compiler.nodeSet(expr));
  return (run, node) => {
    const found = firstNode(run, node);
    return found < 0 ? '' : stringValue(run, found);
  };
}
