import { expect, test } from 'vitest';
import { parseQueuePath } from '../../../src/broker/queue-path.ts';

test.each([
  ['__cmd:client/joe/session/1/?callbackQueueEntries', { kind: 'callback', subject: 'joe', pubSessionId: 1 }],
  ['__cmd:client/joe/-3/?cbQueueEntries', { kind: 'callback', subject: 'joe', pubSessionId: -3 }],
  ['__cmd:client/session/session/1/?callbackQueueEntries', { kind: 'callback', subject: 'session', pubSessionId: 1 }],
  ['__cmd:client/joe/?subjectQueueEntries', { kind: 'subject', subject: 'joe' }],
  ['__cmd:/node/heron/client/joe/?subjectQueueEntries', { kind: 'subject', subject: 'joe' }],
  ['__cmd:topic/a/?historyQueueEntries', { kind: 'history', oid: 'a' }],
  ['__cmd:topic/a/b//c/?historyQueueEntries', { kind: 'history', oid: 'a/b//c' }],
  ['__cmd:topic/?x/?historyQueueEntries', { kind: 'history', oid: '?x' }],
  ['__cmd:node/heron/topic/a/?historyQueueEntries', { kind: 'history', oid: 'a' }],
])('%s', (oid, path) => {
  expect(parseQueuePath(oid, 'heron')).toEqual(path);
});

test.each([
  '__cmd:',
  '__cmd:?freeMem',
  '__cmd:node/eagle/?freeMem',
  '__cmd:topic//?historyQueueEntries',
  '__cmd:client/joe/one/?callbackQueueEntries',
  '__cmd:client/joe/1/?callbackQueueEntriesX',
  '__cmd:client/joe/1?callbackQueueEntries',
  `__cmd:client/joe/${'9'.repeat(30)}/?callbackQueueEntries`,
])('%s is no queue', (oid) => {
  expect(parseQueuePath(oid, 'heron')).toBeUndefined();
});

test('the queue of another node is refused', () => {
  expect(() => parseQueuePath('__cmd:node/eagle/topic/a/?historyQueueEntries', 'heron')).toThrow(/"eagle" is not this one/);
});
