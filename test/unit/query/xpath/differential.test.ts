import type { Document, Node } from '@xmldom/xmldom';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Budget } from '../../../../src/query/xpath/budget.ts';
import { createTopicDocument, type TopicDocument } from '../../../../src/query/xpath/topic-document.ts';
import { compileXPath } from '../../../../src/query/xpath/xpath-expression.ts';
import { expressions, keys, type Pair } from './generate.ts';
import { addressOf, createOracleDocument, evaluateOracle, unplain } from './oracle.ts';

/** Pairs of document and expression; XPATH_PAIRS=200000 npx vitest run test/unit/query/xpath/differential.test.ts */
const PAIRS = Number(process.env['XPATH_PAIRS'] ?? 20_000);
const EXPRESSIONS_PER_KEY = 10;

test(
  `${PAIRS} random pairs mean to us what they mean to xpath on xmldom`,
  () => {
    const cases = fc.property(
      keys,
      fc.array(expressions, { minLength: EXPRESSIONS_PER_KEY, maxLength: EXPRESSIONS_PER_KEY }),
      (key, pairs) => {
        const topic = createTopicDocument(key);
        const document = createOracleDocument(key);
        for (const pair of pairs) compare(pair, topic, document);
      },
    );
    fc.assert(cases, { numRuns: Math.ceil(PAIRS / EXPRESSIONS_PER_KEY) });
  },
  60_000 + PAIRS * 10,
);

/** Not only does it match: equal strings of scalars, equal nodes in equal order of node-sets. */
function compare({ ours, theirs }: Pair, topic: TopicDocument, document: Document): void {
  const claim = (expression: string): void => {
    expect(compileXPath(expression, { maxBytes: 100_000 }).matches(topic, new Budget(10_000_000)), expression).toBe(true);
  };
  const value = evaluateOracle(theirs, document);
  if (value.type === 'scalar') {
    claim(value.boolean ? `boolean(${ours})` : `not(${ours})`);
    claim(`string(${ours}) = '${unplain(value.text)}'`);
    return;
  }
  const { nodes } = value;
  claim(nodes.length > 0 ? ours : `not(${ours})`);
  claim(`count(${ours}) = ${nodes.length}`);
  for (const position of new Set([1, Math.ceil(nodes.length / 2), nodes.length])) {
    const node = nodes[position - 1];
    if (node !== undefined) claim(isAt(ours, position, node));
  }
}

function isAt(set: string, position: number, node: Node): string {
  const here = `(${set})[${position}]`;
  return `count(${here}) = 1 and count(${here} | ${addressOf(node)}) = 1`;
}
