import { describe, expect, test } from 'vitest';
import { ask } from '../helpers/admin.ts';
import { textsOf } from '../helpers/answers.ts';
import type { TestBroker } from '../helpers/broker.ts';
import { kinds } from '../helpers/durable.ts';

// protocol/persistence.md, "More than memory takes".

function connect(broker: TestBroker, queue: string): Promise<unknown> {
  return broker.post(`<connect><qos><session name='joe/1'/><persistent/>${queue}</qos></connect>`);
}

/** What the broker says of the queue of joe/1. */
function read(broker: TestBroker, name: string): Promise<number> {
  return ask(broker, `client/joe/1/?${name}`).then(Number);
}

/** Messages of 1,000 bytes, which begin with their number. */
async function fill(broker: TestBroker, count: number): Promise<void> {
  await broker.get('/updates?session=joe/1&persistent=true&oid=a&timeout=0');
  const commands = Array.from({ length: count }, (_, i) => {
    return `<publish><key oid='a'/><content>${i} ${'x'.repeat(1_000 - `${i} `.length)}</content><qos><persistent/></qos></publish>`;
  });
  await broker.post(`<xmlBlaster>${commands.join('')}</xmlBlaster>`);
}

describe.each(kinds)('%s', (_, startDurable) => {
  test.each([
    ['entries', "maxEntriesCache='200'", 200],
    ['bytes', "maxBytesCache='150000'", 150],
  ])('a queue keeps so many %s in memory as its client says, and gives all in order', async (_what, attribute, entries) => {
    const { first, restart } = await startDurable();
    await connect(first, `<queue relating='callback' ${attribute}/>`);
    await fill(first, 900);
    expect(await read(first, 'cbQueueNumMsgsCache')).toBe(entries);
    expect(await read(first, 'cbQueueBytesCache')).toBe(1_000 * entries);
    expect(await read(first, 'cbQueueNumMsgs')).toBe(900);
    const second = await restart();
    await second.put('/topics/a?persistent=true', '900');
    expect(await read(second, 'cbQueueNumMsgsCache')).toBeLessThanOrEqual(entries);
    const texts = textsOf((await second.get('/updates?session=joe/1&timeout=0&max=10000')).body);
    expect(texts.map((text) => Number.parseInt(text, 10))).toEqual(Array.from({ length: 901 }, (_, i) => i));
  });

  test('what a client says of it survives, as far as the broker allows it', async () => {
    const { first, restart } = await startDurable();
    await connect(first, "<queue relating='callback' maxEntriesCache='1000000000'/>");
    expect(await read(first, 'cbQueueMaxMsgsCache')).toBe(10_000);
    const second = await restart();
    expect(await read(second, 'cbQueueMaxMsgsCache')).toBe(10_000);
    await connect(second, "<queue relating='callback' maxEntriesCache='0'/>");
    expect(await read(second, 'cbQueueMaxMsgsCache')).toBe(100);
    await connect(second, "<queue relating='callback' maxEntries='5000'/>");
    expect(await read(second, 'cbQueueMaxMsgsCache')).toBe(100);
  });
});
