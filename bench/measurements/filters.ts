import { decodeXmlText } from '../../src/codec/charset.ts';
import { encodeMsgQos } from '../../src/codec/msg-qos-xml.ts';
import { readXml } from '../../src/codec/xml.ts';
import { DEFAULT_PUBLISH_QOS, type ReceivedMessage } from '../../src/model/message.ts';
import { createPlainKey } from '../../src/model/msg-key.ts';
import { createFilters } from '../../src/query/filter/filters.ts';
import type { Measurement } from '../harness/measurement.ts';
import { median } from '../harness/statistics.ts';

const MESSAGES = 200;
const FILTERS = 100;
const ROUNDS = 9;

/** Each with a place for a number that makes it another query, so that nothing is shared but the message. */
const KINDS: readonly (readonly [type: string, query: (i: number) => string])[] = [
  ['GnuRegexFilter', (i) => `.*city="City${i}".*`],
  ['Sql92Filter', (i) => `x BETWEEN ${i} AND ${i + 50} AND kind LIKE 'limo%' AND (city = 'City${i}' OR age + 1 > ${i})`],
  ['XPathFilter', (i) => `/news[@city='City${i}']/item[price > ${i}]`],
  ['XPathQosFilter', (i) => `/qos/clientProperty[@name='x'] > ${i}`],
  ['ContentLenFilter', (i) => String(i)],
];

/** Evaluations per second, in this process: every message of some 300 bytes meets 100 different filters, or a single one. */
export const measureFilters: Measurement = async (say) => {
  const { access } = createFilters(
    { accessFilters: [], publishFilters: [] },
    [],
    {
      content: (content) => readXml(decodeXmlText(content, undefined)).root,
      qos: (message) => readXml(encodeMsgQos(message, undefined, 0)).root,
    },
    { maxBytes: 4_096 },
  );
  const numbers: Record<string, { readonly many: number; readonly one: number }> = {};
  for (const [type, query] of KINDS) {
    say(type);
    const filters = Array.from({ length: FILTERS }, (_, i) => access.compile({ type, version: '1.0', query: query(i) }).matches);
    numbers[type] = { many: perSecond(filters), one: perSecond(filters.slice(7, 8)) };
  }
  const rows = Object.entries(numbers).map(([type, { many, one }]) => ({
    what: `${type}: ${FILTERS} filters per message, 1 filter per message`,
    result: `${thousands(many)}, ${thousands(one)} evaluations/s`,
  }));
  return { rows, numbers };
};

function perSecond(filters: readonly ((message: ReceivedMessage, receiver: string) => boolean)[]): number {
  return median(
    Array.from({ length: ROUNDS }, (_, round) => {
      const messages = Array.from({ length: MESSAGES }, (_, i) => messageOf(round * MESSAGES + i));
      const started = performance.now();
      for (const message of messages) for (const matches of filters) matches(message, '');
      return (1_000 * messages.length * filters.length) / (performance.now() - started);
    }),
  );
}

let lastTimestamp = 0n;

function messageOf(i: number): ReceivedMessage {
  const items = Array.from({ length: 5 }, (_, k) => `<item id="${k}"><price>${i + k}</price><name>thing ${k}</name></item>`);
  return {
    key: createPlainKey('a'),
    content: Buffer.from(`<news city="City${i % FILTERS}">${items.join('')}</news>`),
    qos: {
      ...DEFAULT_PUBLISH_QOS,
      clientProperties: [
        { name: 'x', type: 'int', value: String(i) },
        { name: 'age', type: 'int', value: String(i % 90) },
        { name: 'kind', value: 'limousine' },
        { name: 'city', value: `City${i % FILTERS}` },
      ],
    },
    sender: '/node/n/client/joe/1',
    rcvTimestamp: ++lastTimestamp,
    expiresAt: Number.POSITIVE_INFINITY,
    sharedQos: undefined,
  };
}

function thousands(value: number): string {
  return `${Math.round(value / 1_000).toLocaleString('en')} k`;
}
