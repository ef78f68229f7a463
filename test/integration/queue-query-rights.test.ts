import { expect, test } from 'vitest';
import { exceptionOf, textsOf } from '../helpers/answers.ts';
import { startBroker } from '../helpers/broker.ts';
import { basic, passwordFile, SECRET } from '../helpers/passwords.ts';

test('with passwords, queues are for their subject and administrators, histories for those who may get the topic', async () => {
  const users = [
    `boss:${SECRET}:admin,get,publish,subscribe`,
    `joe:${SECRET}:get(a),subscribe`,
    `jim:${SECRET}:get`,
    `eve:${SECRET}:publish`,
  ];
  const broker = await startBroker({ passwordFile: passwordFile(users.join('\n')).path });
  const ask = async (user: string, path: string) => {
    const { status, body } = await broker.post(`<get><key oid='__cmd:${path}'/></get>`, '/', basic(user));
    if (status === 200) return textsOf(body);
    expect([status, exceptionOf(body).code]).toEqual([403, 'user.security.authorization.notAuthorized']);
    return 'refused';
  };
  await broker.post("<subscribe><key oid='a'/></subscribe>", '/?session=joe/1', basic('joe'));
  for (const oid of ['a', 'b']) await broker.put(`/topics/${oid}`, oid, basic('boss'));
  for (const path of ['client/joe/1/?callbackQueueEntries', 'client/joe/session/1/?cbQueueEntries']) {
    expect([await ask('joe', path), await ask('boss', path)]).toEqual([['a'], ['a']]);
    expect([await ask('jim', path), await ask('eve', path)]).toEqual(['refused', 'refused']);
  }
  expect([await ask('jim', 'client/joe/?subjectQueueEntries'), await ask('joe', 'client/joe/?subjectQueueEntries')]).toEqual([
    'refused',
    [],
  ]);
  const history = (oid: string) => `topic/${oid}/?historyQueueEntries`;
  expect([await ask('joe', history('a')), await ask('joe', history('b'))]).toEqual([['a'], 'refused']);
  expect([await ask('jim', history('b')), await ask('eve', history('b'))]).toEqual([['b'], 'refused']);
});
