import type { Expr } from './ast.ts';
import type { Compiler, Run, Scalar } from './evaluation.ts';
import type { FunctionName } from './function-signatures.ts';
import { given } from './string-functions.ts';
import { find } from './text-search.ts';
import { ATTRIBUTE, ELEMENT } from './topic-document.ts';

type CompileBoolean = (args: readonly Expr[], compiler: Compiler) => Scalar<boolean>;

/** The functions that return booleans (XPath 1.0, sections 4.2 and 4.3), and one of the original's XPathFilter. */
export const BOOLEAN_FUNCTIONS: Readonly<Partial<Record<FunctionName, CompileBoolean>>> = {
  'starts-with': (args, compiler) => {
    const text = compiler.string(given(args[0]));
    const prefix = compiler.string(given(args[1]));
    return (...context) => startsWith(context[0], text(...context), prefix(...context));
  },
  contains: (args, compiler) => {
    const text = compiler.string(given(args[0]));
    const part = compiler.string(given(args[1]));
    return (...context) => find(context[0], text(...context), part(...context)) >= 0;
  },
  'contains-ignore-case': (args, compiler) => {
    const text = compiler.string(given(args[0]));
    const part = compiler.string(given(args[1]));
    return (...context) => find(context[0], toLower(context[0], text(...context)), toLower(context[0], part(...context))) >= 0;
  },
  boolean: ([value], compiler) => compiler.boolean(given(value)),
  not: ([value], compiler) => {
    const boolean = compiler.boolean(given(value));
    return (run, node, position, size) => {
      run.budget.spend(1);
      return !boolean(run, node, position, size);
    };
  },
  true: () => () => true,
  false: () => () => false,
  lang: ([value], compiler) => {
    const wanted = compiler.string(given(value));
    return (...context) => isLanguage(context[0], context[1], wanted(...context));
  },
};

function startsWith(run: Run, text: string, prefix: string): boolean {
  run.budget.spend(1 + (prefix.length >> 6));
  return text.startsWith(prefix);
}

function toLower(run: Run, text: string): string {
  run.budget.spend(1 + (text.length >> 4));
  return text.toLowerCase();
}

/** The nearest `xml:lang` of the node or around it is `wanted` or a sublanguage of it, whatever the case. */
function isLanguage(run: Run, start: number, wanted: string): boolean {
  const language = languageOf(run, start);
  if (language === undefined) return false;
  run.budget.spend(1 + ((language.length + wanted.length) >> 4));
  return `${language.toLowerCase()}-`.startsWith(`${wanted.toLowerCase()}-`);
}

function languageOf(run: Run, start: number): string | undefined {
  const { document, budget } = run;
  for (let node = start; node > 0; node = document.parent(node)) {
    budget.spend(1);
    if (document.kind(node) !== ELEMENT) continue;
    const end = document.firstChild(node);
    for (let i = node + 1; i < end; i++) {
      budget.spend(1);
      if (document.kind(i) === ATTRIBUTE && document.name(i) === 'xml:lang') return document.value(i);
    }
  }
  return undefined;
}
