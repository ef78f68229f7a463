import { describe, expect, test } from 'vitest';
import { child, exceptionOf, readMessages, textsOf } from '../helpers/answers.ts';
import { startBroker } from '../helpers/broker.ts';
import { ManualClock } from '../helpers/clock.ts';
import { publish, texts, updates } from '../helpers/topic-a.ts';

describe('priority', () => {
  test('orders the updates that wait, by number and by name', async () => {
    const broker = await startBroker();
    await updates(broker);
    for (const priority of ['MIN', 'LOW', '', 'NORM', 'HIGH', 'MAX', '1', '8']) {
      await publish(broker, priority || 'none', priority && `<priority>${priority}</priority>`);
    }
    expect(await texts(broker)).toEqual(['MAX', '8', 'HIGH', 'none', 'NORM', 'LOW', '1', 'MIN']);
  });
});

describe('expiration', () => {
  test('lifeTime: a message is gone after it from the topic, but still comes to those who have it queued', async () => {
    const clock = new ManualClock();
    const broker = await startBroker({}, { clock });
    await updates(broker);
    await publish(broker, 'mortal', "<expiration lifeTime='5000'/>");
    clock.advance(4_000);
    const [message] = readMessages((await broker.get('/topics/a?history=1')).body);
    const expiration = message && child(message.qos, 'expiration');
    expect([expiration?.getAttribute('lifeTime'), expiration?.getAttribute('remainingLife')]).toEqual(['5000', '1000']);
    clock.advance(1_100);
    expect((await broker.get('/topics/a')).status).toBe(404);
    expect((await broker.get('/updates?oid=a&timeout=0')).status).toBe(204);
    expect(await texts(broker)).toEqual(['mortal']);
  });

  test('forceDestroy: it does not come to those either', async () => {
    const clock = new ManualClock();
    const broker = await startBroker({}, { clock });
    await updates(broker);
    await publish(broker, 'mortal', "<expiration lifeTime='5000' forceDestroy='true'/>");
    await publish(broker, 'immortal');
    clock.advance(5_100);
    expect(await texts(broker)).toEqual(['immortal']);
  });

  test('lifeTime=0 is volatile: it comes to those who wait, and is nowhere else', async () => {
    const broker = await startBroker();
    await updates(broker);
    await publish(broker, 'volatile', "<expiration lifeTime='0'/>");
    await publish(broker, 'volatile, too', "<expiration lifeTime='0' forceDestroy='false'/>");
    expect((await broker.get('/topics/a')).status).toBe(404);
    expect(textsOf((await broker.post('<get><key oid="a"/></get>')).body)).toEqual([]);
    expect(await texts(broker)).toEqual(['volatile', 'volatile, too']);
  });

  test('lifeTime=-1 is for ever', async () => {
    const clock = new ManualClock();
    const broker = await startBroker({}, { clock });
    await publish(broker, 'x', "<expiration lifeTime='-1'/>");
    clock.advance(10 * 365 * 86_400_000);
    expect((await broker.get('/topics/a')).body).toBe('x');
  });
});

describe('a topic', () => {
  test('without messages and subscribers dies after its destroyDelay', async () => {
    const clock = new ManualClock();
    const broker = await startBroker({}, { clock });
    await publish(broker, 'x', "<expiration lifeTime='0'/><topic destroyDelay='5000'/>");
    clock.advance(4_900);
    expect((await broker.get('/topics')).body).toContain("oid='a'");
    clock.advance(200);
    expect((await broker.get('/topics')).body).not.toContain("oid='a'");
  });

  test('that is readonly takes one message', async () => {
    const broker = await startBroker();
    await publish(broker, '1', "<topic readonly='true'/>");
    const { status, body } = await publish(broker, '2');
    expect([status, exceptionOf(body).code]).toEqual([409, 'user.publish.readonly']);
    expect((await broker.put('/topics/a', '2')).status).toBe(409);
    expect((await broker.get('/topics/a')).body).toBe('1');
  });

  test('can be configured beforehand by an administrative publish, which is no message', async () => {
    const broker = await startBroker();
    await updates(broker);
    const history = "<topic readonly='false'><queue relating='history' maxEntries='2'/></topic>";
    expect((await publish(broker, 'config', `<administrative/>${history}`)).status).toBe(200);
    expect((await broker.get('/topics/a')).status).toBe(404);
    for (const text of ['1', '2', '3']) await publish(broker, text);
    expect(await texts(broker)).toEqual(['1', '2', '3']);
    expect(textsOf((await broker.get('/topics/a?history=-1')).body)).toEqual(['3', '2']);
  });

  test('with createDomEntry=false is not found by XPath', async () => {
    const broker = await startBroker();
    await publish(broker, 'x', "<topic createDomEntry='false'/>");
    expect((await broker.get('/updates?xpath=//key&timeout=0')).status).toBe(204);
    expect((await broker.get('/topics/a')).status).toBe(200);
  });
});

describe('forceUpdate', () => {
  test('false delivers only what differs from the message before', async () => {
    const broker = await startBroker();
    await updates(broker);
    for (const text of ['1', '1', '2', '2', '1']) await publish(broker, text, '<forceUpdate>false</forceUpdate>');
    await publish(broker, '1');
    expect(await texts(broker)).toEqual(['1', '2', '1', '1']);
  });
});

describe('what a publisher hands along', () => {
  test('comes back: client properties with their types, state, sender', async () => {
    const broker = await startBroker({ nodeId: 'heron' });
    const properties = [
      "<clientProperty name='plain'>a &lt; b</clientProperty>",
      "<clientProperty name='n' type='int'>42</clientProperty>",
      "<clientProperty name='bytes' type='byte[]' encoding='base64'>AAECAw==</clientProperty>",
      "<clientProperty name='text' encoding='base64' charset='UTF-8'>w6Q=</clientProperty>",
      "<clientProperty name='ä &amp; ö'> not\n trimmed </clientProperty>",
      "<clientProperty name='empty'></clientProperty>",
    ];
    await publish(
      broker,
      'x',
      `<state id='SLEEPY' info='so &apos;so&apos;'/>${properties.join('')}<unknown>is ignored</unknown>`,
    );
    for (const { body } of [await broker.get('/updates?oid=a&timeout=0'), await broker.get('/topics/a?history=1')]) {
      const [message] = readMessages(body);
      const got = [...(message?.qos.getElementsByTagName('clientProperty') ?? [])]
        .filter((property) => property.getAttribute('name') !== '__isInitialUpdate')
        .map((property) =>
          ['name', 'type', 'encoding', 'charset'].map((name) => property.getAttribute(name)).concat(property.textContent),
        );
      expect(got).toEqual([
        ['plain', null, null, null, 'a < b'],
        ['n', 'int', null, null, '42'],
        ['bytes', 'byte[]', 'base64', null, 'AAECAw=='],
        ['text', null, 'base64', 'UTF-8', 'w6Q='],
        ['ä & ö', null, null, null, ' not\n trimmed '],
        ['empty', null, null, null, ''],
      ]);
      const state = message && child(message.qos, 'state');
      expect([state?.getAttribute('id'), state?.getAttribute('info')]).toEqual(['SLEEPY', "so 'so'"]);
      expect(message && child(message.qos, 'sender')?.textContent).toBe('/node/heron/client/guest');
    }
  });

  test('in the key is kept byte for byte', async () => {
    const broker = await startBroker();
    const inner = '\n <t  a = "1"><!-- c --><![CDATA[<x>]]>&lt;</t>\n<?pi?>';
    await publish(broker, 'x', '', `<key oid="a" own='&quot;'>${inner}</key>`);
    const { body } = await broker.get('/updates?oid=a&timeout=0');
    expect(body).toContain(inner);
    expect(readMessages(body)[0]?.key.getAttribute('own')).toBe('"');
  });
});
