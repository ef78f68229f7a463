import { expect, test } from 'vitest';
import { parseQueueQuery, type QueueQuery } from '../../../src/model/queue-query.ts';

test.each<[text: string | undefined, expected: Partial<QueueQuery>]>([
  [undefined, {}],
  ['', {}],
  ['maxEntries=3&maxSize=-1&consumable=true&waitingDelay=1000', { maxEntries: 3, consumable: true, waitingDelayMs: 1_000 }],
  ['\n  maxEntries = 3 &\n consumable=TRUE\n', { maxEntries: 3, consumable: true }],
  ['maxEntries=-1', { maxEntries: -1 }],
  ['maxEntries=&consumable=&maxSize=', {}],
  ['maxentries=3&Consumable=true&x&=&a=b=c', {}],
  ['waitingDelay=-1', { waitingDelayMs: -1 }],
  ['maxEntries=1&maxEntries=2', { maxEntries: 2 }],
])('%j', (text, expected) => {
  expect(parseQueueQuery(text)).toEqual({ maxEntries: 1, consumable: false, waitingDelayMs: 0, ...expected });
});

test.each([
  'maxEntries=1.5',
  'maxEntries=0x10',
  'waitingDelay=1e3',
  'maxSize=0',
  'consumable=1',
  'maxEntries=-1&waitingDelay=-1',
])('refuses %s', (text) => {
  expect(() => parseQueueQuery(text)).toThrow(expect.objectContaining({ code: 'user.illegalArgument' }));
});
