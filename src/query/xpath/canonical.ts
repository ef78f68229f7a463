import type { Expr, NodeTest, Step } from './ast.ts';

/**
 * One text per meaning of an expression's canonical tree: equal texts evaluate alike, so they can share one compiled object.
 * Close to XPath, but literals are JSON strings (XPath has no escapes) and it is never parsed again.
 */
export function canonicalText(expr: Expr): string {
  switch (expr.kind) {
    case 'literal':
      return JSON.stringify(expr.value);
    case 'number':
      return String(expr.value);
    case 'or':
    case 'and':
      return `(${expr.operands.map(canonicalText).join(` ${expr.kind} `)})`;
    case 'union':
      return `(${expr.operands.map(canonicalText).join('|')})`;
    case 'comparison':
    case 'arithmetic':
      return `(${canonicalText(expr.left)} ${expr.operator} ${canonicalText(expr.right)})`;
    case 'negation':
      return `(-${canonicalText(expr.operand)})`;
    case 'call':
      return `${expr.name}(${expr.args.map(canonicalText).join(',')})`;
    case 'filter':
      return `(${canonicalText(expr.base)})${predicatesText(expr.predicates)}`;
    case 'path':
      return startText(expr.start) + expr.steps.map(stepText).join('/');
  }
}

function startText(start: 'root' | 'context' | Expr): string {
  if (start === 'root') return '/';
  return start === 'context' ? './' : `(${canonicalText(start)})/`;
}

function stepText(step: Step): string {
  return `${step.axis}::${testText(step.test)}${predicatesText(step.predicates)}`;
}

function predicatesText(predicates: readonly Expr[]): string {
  return predicates.map((predicate) => `[${canonicalText(predicate)}]`).join('');
}

function testText(test: NodeTest): string {
  switch (test.kind) {
    case 'any-name':
      return '*';
    case 'prefix':
      return `${test.prefix}*`;
    case 'name':
      return test.name;
    case 'node':
    case 'text':
    case 'nothing':
      return `${test.kind}()`;
  }
}
