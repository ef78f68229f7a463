import { describe, expect, test } from 'vitest';
import type { TestBroker } from '../helpers/broker.ts';
import { hurriedClock } from '../helpers/clock.ts';
import { kinds } from '../helpers/durable.ts';
import { CallbackServer, call, callbackQos, ended } from '../helpers/xmlrpc.ts';

// Updates that the broker pushes by itself after a restart (protocol/xmlrpc.md, "Push").

/** A durable session `joe/1` with a durable subscription to the topic `a`, and its callback at `url`; its secret id. */
async function subscribe(port: number, url: string, attributes = '', sessionArgument: readonly null[] = []): Promise<string> {
  const qos = callbackQos(url, attributes).replace('<qos>', "<qos><session name='joe/1'/><persistent/>");
  const answer = String(await call(port, 'authenticate.connect', ...sessionArgument, qos));
  const id = /<session [^>]*sessionId='([^']+)'/.exec(answer)?.[1] ?? '';
  await call(port, 'xmlBlaster.subscribe', id, "<key oid='a'/>", '<qos><persistent/></qos>');
  return id;
}

const publish = (broker: TestBroker, content: string): Promise<unknown> => broker.put('/topics/a?persistent=true', content);

const LOST = (_call: unknown, response: { destroy(): unknown }): void => void response.destroy();

describe.each(kinds)('after a restart, %s,', (_, startDurable) => {
  test('a callback gets what waited for it, and what comes', async () => {
    const { first, restart } = await startDurable();
    const server = await CallbackServer.start();
    const { answer } = server;
    await subscribe(first.port, server.url, "sessionId='mine' retries='-1' delay='100000'");
    server.answer = LOST;
    await publish(first, 'waited');
    await server.until(({ received }) => received.length === 1);
    const second = await restart(() => {
      server.answer = answer;
    });
    await publish(second, 'came');
    await server.until(({ received }) => received.length === 3);
    expect(server.contents).toEqual(['waited', 'waited', 'came']);
    const [, again, came] = server.received;
    expect(again?.params).toEqual(['mine', expect.any(String), Buffer.from('waited'), expect.stringContaining('<redeliver>')]);
    expect(came?.params[3]).not.toContain('<redeliver>');
  });

  test('the methods of a callback have the names they had', async () => {
    const { first, restart } = await startDurable();
    const server = await CallbackServer.start();
    await subscribe(first.port, server.url, '', [null]);
    const second = await restart();
    await publish(second, 'one');
    await server.until(({ received }) => received.length === 1);
    expect(server.received[0]?.method).toBe('$default.update');
  });

  test('a callback that is not there is pinged until it is', async () => {
    const { first, restart } = await startDurable({}, { clock: hurriedClock() });
    const server = await CallbackServer.start();
    const { answer } = server;
    await subscribe(first.port, server.url, "retries='-1' delay='1000'");
    const second = await restart(() => {
      server.answer = LOST;
    });
    await publish(second, 'one');
    await server.until(({ received }) => received.length === 4);
    server.answer = answer;
    await server.until(({ received }) => received.at(-1)?.method === 'update');
    expect(server.received.slice(0, 4).map(({ method }) => method)).toEqual(['update', 'ping', 'ping', 'ping']);
  });

  test('a callback without retries that is not there is the end of its session', async () => {
    const { first, restart } = await startDurable();
    const server = await CallbackServer.start();
    const id = await subscribe(first.port, server.url);
    const second = await restart(() => {
      server.answer = LOST;
    });
    await publish(second, 'one');
    await ended(second.port, id);
  });

  test('a callback is pinged every pingInterval', async () => {
    const { first, restart } = await startDurable({}, { clock: hurriedClock() });
    const server = await CallbackServer.start();
    await subscribe(first.port, server.url, "pingInterval='5000'");
    await restart(() => server.received.splice(0));
    await server.until(({ received }) => received.length === 2);
    expect(server.received.map(({ method }) => method)).toEqual(['ping', 'ping']);
  });

  test('a callback that may not be called any more is not called, and its session waits', async () => {
    const { first, restart } = await startDurable({ callbackAllow: ['192.0.2.1'] });
    const id = await subscribe(first.port, 'http://192.0.2.1:8081/', "retries='-1'");
    const second = await restart(() => {}, { callbackAllow: [] });
    await publish(second, 'one');
    const query = "<qos><querySpec type='QueueQuery'>maxEntries=1&amp;consumable=false&amp;waitingDelay=1000</querySpec></qos>";
    const entries = await call(second.port, 'xmlBlaster.get', id, "<key oid='__cmd:client/joe/1/?callbackQueueEntries'/>", query);
    expect(entries).toEqual([[expect.any(String), Buffer.from('one'), expect.not.stringContaining('<redeliver>')]]);
  });

  test('an address that nobody called before is not called', async () => {
    const { first, restart } = await startDurable();
    const server = await CallbackServer.start();
    const id = await subscribe(first.port, server.url);
    const qos = callbackQos(server.url).replace('<qos>', `<qos><session name='joe/1' sessionId='${id}'/><persistent/>`);
    await call(first.port, 'authenticate.connectSingleChannel', qos);
    const second = await restart();
    await publish(second, 'one');
    expect(String(await call(second.port, 'authenticate.connectSingleChannel', qos))).toContain('<reconnected/>');
    expect(await call(second.port, 'xmlBlaster.updateRequest', id, '1000', 'true')).toEqual([
      'update',
      expect.any(String),
      [[expect.any(String), 'one', expect.not.stringContaining('<redeliver>')]],
    ]);
    expect(server.received).toEqual([]);
  });
});
