import { DOMParser, type Element, onErrorStopParsing } from '@xmldom/xmldom';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Delivery } from '../../../../src/broker/delivery.ts';
import { DEFAULT_PUBLISH_QOS } from '../../../../src/model/message.ts';
import { createPlainKey } from '../../../../src/model/msg-key.ts';
import { encodeBatch } from '../../../../src/transport/http/servlets/ajax-update.ts';

// Answers to polls, whatever the content, read by another XML reader.

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 20 }).map((text) => new TextEncoder().encode(text)),
  fc
    .array(
      fc.constantFrom(
        '<a>',
        '</a>',
        '<b x="1"/>',
        '</update>',
        '<update>',
        '<!--',
        '-->',
        ']]>',
        '<![CDATA[',
        '&amp;',
        '&',
        '\r',
        'ü',
        ' ',
      ),
      {
        maxLength: 8,
      },
    )
    .map((pieces) => new TextEncoder().encode(pieces.join(''))),
);

test('every content comes back to the page, byte for byte', () => {
  fc.assert(
    fc.property(fc.array(bytes, { minLength: 1, maxLength: 3 }), (contents) => {
      const updates = read(encode(contents, false));
      expect(updates.map(contentOf)).toEqual(contents.map((content) => Buffer.from(content).toString('hex')));
    }),
    { numRuns: 500 },
  );
});

test('with onlyContent every answer has its updates, and text that is no markup is text', () => {
  fc.assert(
    fc.property(fc.array(bytes, { minLength: 1, maxLength: 3 }), (contents) => {
      const updates = read(encode(contents, true));
      expect(updates).toHaveLength(contents.length);
      for (const [i, update] of updates.entries()) {
        if (update.getElementsByTagName('*').length > 0) continue;
        const text = Buffer.from(contents[i] as Uint8Array).toString();
        if (!text.includes('&amp;') && !/<!--|CDATA/.test(text)) expect(update.textContent).toBe(text);
      }
    }),
    { numRuns: 500 },
  );
});

function encode(contents: readonly Uint8Array[], onlyContent: boolean): string {
  const deliveries = contents.map((content) => ({
    message: {
      key: createPlainKey('a'),
      content: Buffer.from(content),
      qos: DEFAULT_PUBLISH_QOS,
      sender: 'joe',
      rcvTimestamp: 1n,
      expiresAt: Number.POSITIVE_INFINITY,
    },
    subscriptionId: '__subId:1',
    parts: { content: true, meta: true, updateOneway: false, newestOnly: false },
    isInitial: false,
    redeliver: 0,
  })) as unknown as Delivery[];
  return encodeBatch({ deliveries, waiting: 0, settle() {} }, onlyContent, 0);
}

function read(answer: string): Element[] {
  const document = new DOMParser({ onError: onErrorStopParsing }).parseFromString(answer, 'text/xml');
  const root = document.documentElement as Element;
  expect(root.tagName).toBe('xmlBlasterResponse');
  return Array.from({ length: root.childNodes.length }, (_, i) => root.childNodes[i] as Element);
}

function contentOf(update: Element): string {
  const content = update.getElementsByTagName('content')[0];
  if (!content) return '';
  const encoding = content.getAttribute('encoding') === 'base64' ? 'base64' : 'utf8';
  return Buffer.from(content.textContent ?? '', encoding).toString('hex');
}
