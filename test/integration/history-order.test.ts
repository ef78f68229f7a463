import { expect, test } from 'vitest';
import { textsOf } from '../helpers/answers.ts';
import { startBroker } from '../helpers/broker.ts';
import { subscribe, texts, unSubscribe } from '../helpers/joe.ts';

// The original's history goes by time alone; priority counts in the queue of a session.
test.each([
  ['', ['4']],
  ["<history numEntries='1'/>", ['4']],
  ["<history numEntries='3'/>", ['4', '3', '2']],
  ["<history numEntries='3' newestFirst='true'/>", ['4', '3', '2']],
  ["<history numEntries='3' newestFirst='false'/>", ['2', '3', '4']],
  ["<history numEntries='-1' newestFirst='false'/>", ['1', '2', '3', '4']],
  ["<history numEntries='-7'/>", ['4', '3', '2', '1']],
  ["<history numEntries='99'/>", ['4', '3', '2', '1']],
  ["<history numEntries='0'/>", []],
])('%s: get and subscribe give %s', async (history, expected) => {
  const broker = await startBroker();
  const limit = "<topic><queue relating='history' maxEntries='4'/></topic>";
  for (const content of ['0', '1', '2', '3', '4']) {
    await broker.post(`<publish><key oid='a'/><content>${content}</content><qos>${limit}</qos></publish>`);
  }
  expect(textsOf((await broker.post(`<get><key oid='a'/><qos>${history}</qos></get>`)).body)).toEqual(expected);
  for (const key of ["<key oid='a'/>", "<key queryType='XPATH'>//key[@oid='a']</key>"]) {
    await subscribe(broker, key, history);
    expect(await texts(broker)).toEqual(expected);
    await unSubscribe(broker, key);
  }
});

test('priority changes the order in the queue of a session, not in a history', async () => {
  const broker = await startBroker();
  for (const [content, priority] of [
    ['1', 5],
    ['2', 9],
    ['3', 1],
  ])
    await broker.put(`/topics/a?priority=${priority}`, `${content}`);
  expect(textsOf((await broker.get('/topics/a?history=-1')).body)).toEqual(['3', '2', '1']);
  await subscribe(broker, "<key oid='a'/>", "<history numEntries='-1' newestFirst='false'/>");
  expect(await texts(broker)).toEqual(['2', '1', '3']);
});
