import { expect, test } from 'vitest';
import { parseQueuePath } from '../../../src/broker/queue-path.ts';

test.each([
  ['__cmd:client/joe/session/1/?callbackQueueEntries', { kind: 'session', subject: 'joe', pubSessionId: 1 }],
  ['__cmd:client/joe/-3/?cbQueueEntries', { kind: 'session', subject: 'joe', pubSessionId: -3 }],
  ['__cmd:client/session/session/1/?callbackQueueEntries', { kind: 'session', subject: 'session', pubSessionId: 1 }],
  ['__cmd:client/joe/?subjectQueueEntries', { kind: 'subject', subject: 'joe' }],
  ['__cmd:/node/heron/client/joe/?subjectQueueEntries', { kind: 'subject', subject: 'joe' }],
  ['__cmd:topic/a/?historyQueueEntries', { kind: 'topic', oid: 'a' }],
  ['__cmd:topic/a/b//c/?historyQueueEntries', { kind: 'topic', oid: 'a/b//c' }],
  ['__cmd:topic/?x/?historyQueueEntries', { kind: 'topic', oid: '?x' }],
  ['__cmd:node/heron/topic/a/?historyQueueEntries', { kind: 'topic', oid: 'a' }],
])('%s', (oid, path) => {
  expect(parseQueuePath(oid, 'heron')).toEqual(path);
});

test.each([
  '__cmd:',
  '__cmd:?freeMem',
  '__cmd:client/joe/1/?callbackQueueEntriesX',
  '__cmd:client/joe/1/?callbackQueueEntries=maxEntries=1',
  '__cmd:client/joe/1/?callbackQueueEntries, id',
  '__cmd:client/joe/?callbackQueueEntries',
  '__cmd:client/joe/1/?constructor',
])('%s is no queue', (oid) => {
  expect(parseQueuePath(oid, 'heron')).toBeUndefined();
});

test.each([
  ['__cmd:node/eagle/topic/a/?historyQueueEntries', '"eagle" is another broker'],
  ['__cmd:topic//?historyQueueEntries', 'A name is missing'],
  ['__cmd:client/joe/one/?callbackQueueEntries', 'not the number of a session'],
  [`__cmd:client/joe/${'9'.repeat(30)}/?callbackQueueEntries`, 'not the number of a session'],
])('%s is refused as every command is', (oid, sentence) => {
  expect(() => parseQueuePath(oid, 'heron')).toThrow(sentence);
});
