import { describe, expect, test } from 'vitest';
import { ask } from '../helpers/admin.ts';
import { textsOf } from '../helpers/answers.ts';
import type { TestBroker } from '../helpers/broker.ts';
import { kinds } from '../helpers/durable.ts';

// protocol/persistence.md, "More than memory takes": a message that waits in many queues takes its memory once.

const SESSIONS = ['joe/1', 'jack/1', 'jim/1', 'jane/1', 'jill/1'];
const CONTENT_BYTES = 2_000;
/** What a queue keeps in memory that keeps the least. */
const CACHE_ENTRIES = 100;
const MESSAGES = 250;

/** All of them wait for all messages. */
async function fill(broker: TestBroker): Promise<void> {
  for (const session of SESSIONS) {
    await broker.post(
      `<connect><qos><session name='${session}'/><persistent/><queue relating='callback' maxEntriesCache='${CACHE_ENTRIES}'/></qos></connect>`,
    );
    await broker.get(`/updates?session=${session}&persistent=true&oid=a&timeout=0`);
  }
  const commands = Array.from({ length: MESSAGES }, (_, i) => {
    return `<publish><key oid='a'/><content>${`${i} `.padEnd(CONTENT_BYTES, 'x')}</content><qos><persistent/></qos></publish>`;
  });
  await broker.post(`<xmlBlaster>${commands.join('')}</xmlBlaster>`);
}

/** The numbers of what it gets, and the cursor that acknowledges it. */
async function poll(
  broker: TestBroker,
  session: string,
  max: number,
): Promise<{ numbers: number[]; cursor: string | undefined }> {
  const { body } = await broker.get(`/updates?session=${session}&timeout=0&max=${max}`);
  return { numbers: textsOf(body).map((text) => Number.parseInt(text, 10)), cursor: / ack='([^']+)'/.exec(body)?.[1] };
}

function heldBytes(broker: TestBroker): Promise<number> {
  return ask(broker, '?heldBytes').then(Number);
}

/** All read all, and nobody acknowledges until all have. */
async function readAll(broker: TestBroker): Promise<void> {
  const before = await heldBytes(broker);
  const acks: string[] = [];
  for (const session of SESSIONS) {
    const { numbers, cursor } = await poll(broker, session, MESSAGES);
    expect(numbers).toEqual(Array.from({ length: MESSAGES }, (_, i) => i));
    acks.push(`/ack?session=${session}&ack=${cursor}`);
  }
  expect(await heldBytes(broker)).toBeLessThan(before + 2 * MESSAGES * CONTENT_BYTES);
  for (const ack of acks) expect((await broker.fetch(ack, { method: 'POST' })).status).toBe(204);
}

describe.each(kinds)('%s', (_, startDurable) => {
  test('many queues that read the same messages from the store hold them once', async () => {
    const { first } = await startDurable();
    const empty = await heldBytes(first);
    await fill(first);
    await readAll(first);
    await first.post("<erase><key oid='a'/></erase>");
    expect(await heldBytes(first)).toBeLessThan(empty + MESSAGES * 100);
  });

  test('so they do after a restart', async () => {
    const { first, restart } = await startDurable();
    await fill(first);
    const broker = await restart();
    const before = await heldBytes(broker);
    for (const session of SESSIONS) expect((await poll(broker, session, 1)).numbers).toEqual([0]);
    expect(await heldBytes(broker)).toBeLessThan(before + 2 * CACHE_ENTRIES * CONTENT_BYTES);
    await readAll(broker);
    await broker.post("<erase><key oid='a'/></erase>");
    expect(await heldBytes(broker)).toBeLessThan(before);
  });
});
