import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEFAULT_PUBLISH_QOS, type ReceivedMessage } from '../../../../src/model/message.ts';
import { createPlainKey } from '../../../../src/model/msg-key.ts';
import type { XmlElement } from '../../../../src/model/xml-element.ts';
import { MessageViews } from '../../../../src/query/filter/message-view.ts';
import { contentXPaths, type XPathFilter, type XPathFilters } from '../../../../src/query/filter/xpath-filters.ts';
import { keys } from '../xpath/generate.ts';
import { typicalExpressions } from '../xpath/generate-typical.ts';
import { el } from '../xpath/trees.ts';

/** The trees that contents stand for. */
const trees: XmlElement[] = [];

function messageOf(tree: XmlElement): ReceivedMessage {
  const number = trees.push(tree) - 1;
  return {
    key: createPlainKey('a'),
    qos: DEFAULT_PUBLISH_QOS,
    content: Buffer.from(String(number)),
    sender: '/node/heron/client/joe/1',
    rcvTimestamp: BigInt(number),
    expiresAt: Number.POSITIVE_INFINITY,
    sharedQos: undefined,
  };
}

function createXPaths(): XPathFilters {
  const readers = { content: (content: Buffer) => trees[Number(content)] as XmlElement, qos: () => el('qos') };
  return contentXPaths(new MessageViews(readers), { maxBytes: 100_000 });
}

describe('many XPath filters that look at one message', () => {
  test('answer as each of them would alone', () => {
    const some = fc.array(typicalExpressions, { minLength: 60, maxLength: 60 });
    const cases = fc.property(fc.array(keys, { minLength: 3, maxLength: 3 }), some, (elements, expressions) => {
      const [xpaths, alone] = [createXPaths(), createXPaths()];
      const filters = expressions.map(({ ours }) => xpaths.compile(ours));
      for (const { standing } of filters) standing.hold();
      for (const element of elements) {
        const message = messageOf(element);
        expect(filters.map(({ matches }) => matches(message))).toEqual(
          expressions.map(({ ours }) => alone.compile(ours).matches(message)),
        );
      }
    });
    fc.assert(cases, { numRuns: 50 });
  });

  test('those that come and go between two looks at the same message answer rightly, too', () => {
    const xpaths = createXPaths();
    const create = (i: number): XPathFilter => xpaths.compile(`/news[@n='${i}']`);
    const filters = Array.from({ length: 100 }, (_, i) => create(i));
    for (const { standing } of filters) standing.hold();
    const message = messageOf(el('news', { n: '7' }));
    const passing = (): number[] => filters.flatMap(({ matches }, i) => (matches(message) ? [i] : []));
    expect(passing()).toEqual([7]);
    for (const { standing } of filters) standing.release();
    expect(passing(), 'held by nobody').toEqual([7]);
    for (const { standing } of filters) standing.hold();
    expect(passing(), 'held again').toEqual([7]);
    const late = create(7);
    late.standing.hold();
    expect(late.matches(message), 'a later one').toBe(true);
  });
});
