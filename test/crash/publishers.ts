import { FrameClient } from './frame-client.ts';
import { rcvTimestampsIn, request } from './http-client.ts';
import type { Life } from './life.ts';
import { contentOf, HISTORY_TOPICS, type Message, TOPICS } from './message.ts';
import type { Random } from './random.ts';
import { DESTINATIONS } from './subscriber.ts';
import type { Witness } from './witness.ts';

/** Publishes until the life is over, and notes what is acknowledged. */
export type Publisher = (life: Life, random: Random) => Promise<void>;

export const PUBLISHERS: Readonly<Record<string, Publisher>> = {
  one: (life, random) => publishFrames('one', life, random, 1),
  many: (life, random) => publishFrames('many', life, random, 64),
  put: publishOverHttp,
  script: publishScripts,
};

/**
 * The first message of each topic. While the broker finds out who wants a topic that is new, messages of others overtake its own; later
 * on it keeps the order across topics, too.
 */
export async function makeTopics(port: number, witness: Witness): Promise<void> {
  for (const topic of [...HISTORY_TOPICS, 'mixed']) {
    const what = { publisher: 'first', topic, priority: 5, isPersistent: true, destination: undefined, contentBytes: 10 };
    await put(port, witness.send(what), witness);
  }
}

const PRIORITIES = [1, 5, 5, 5, 9];
const MAX_COMMANDS = 10;
const PAUSE_MS = 10;
/** A publisher does not run ahead of the subscribers: the broker is to be caught in all it does. */
const BURST_PAUSE_MS = 60;

async function publishFrames(name: string, life: Life, random: Random, maxInFlight: number): Promise<void> {
  const client = await FrameClient.open(life.port);
  try {
    await client.login(`<session name='${name}'/>`);
    while (!life.isOver) {
      const count = random.between(1, maxInFlight);
      await Promise.all(Array.from({ length: count }, () => publishFrame(client, life, draft(name, life, random))));
      await life.pause(random, maxInFlight === 1 ? PAUSE_MS : BURST_PAUSE_MS);
    }
  } finally {
    client.close();
  }
}

async function publishFrame(client: FrameClient, { witness }: Life, message: Message): Promise<void> {
  const content = contentOf(message);
  const answer = await client.call('publish', `${qosOf(message)}\0${keyOf(message)}\0${content.length}\0${content}`);
  witness.acked(message, rcvTimestampsIn(answer.data));
}

async function publishOverHttp(life: Life, random: Random): Promise<void> {
  while (!life.isOver) {
    await put(life.port, draft('put', life, random), life.witness);
    await life.pause(random, PAUSE_MS);
  }
}

export async function put(port: number, message: Message, witness: Witness): Promise<void> {
  const { topic, priority, isPersistent, destination } = message;
  const query = `persistent=${isPersistent}&priority=${priority}${destination === undefined ? '' : `&destination=${destination}`}`;
  const headers = { 'X-Key': TOPICS[topic] as string };
  const { body } = await request(port, `/topics/${topic}?${query}`, { method: 'PUT', body: contentOf(message), headers });
  witness.acked(message, rcvTimestampsIn(body));
}

async function publishScripts(life: Life, random: Random): Promise<void> {
  while (!life.isOver) {
    const messages = Array.from({ length: random.between(1, MAX_COMMANDS) }, () => draft('script', life, random));
    const commands = messages.map((message) => {
      return `<publish>${keyOf(message)}<content>${contentOf(message)}</content>${qosOf(message)}</publish>`;
    });
    const { body } = await request(life.port, '/', { method: 'POST', body: `<xmlBlaster>${commands.join('')}</xmlBlaster>` });
    const stamps = rcvTimestampsIn(body);
    for (const [i, message] of messages.entries()) life.witness.acked(message, stamps.slice(i, i + 1));
    await life.pause(random, BURST_PAUSE_MS);
  }
}

/** A message as the dice fall: notes that it is about to be sent. */
function draft(publisher: string, { witness }: Life, random: Random): Message {
  const destination = random.chance(0.2) ? random.pick(DESTINATIONS) : undefined;
  const topic = destination === undefined ? random.pick([...HISTORY_TOPICS, 'mixed']) : 'letters';
  const isPersistent = topic !== 'mixed' || random.chance(0.5);
  const contentBytes = random.chance(0.02) ? random.between(4_000, 100_000) : random.between(10, 1_000);
  return witness.send({ publisher, topic, priority: random.pick(PRIORITIES), isPersistent, destination, contentBytes });
}

function keyOf({ topic }: Message): string {
  return `<key oid='${topic}'>${TOPICS[topic]}</key>`;
}

function qosOf({ priority, isPersistent, destination }: Message): string {
  const to = destination === undefined ? '' : `<destination forceQueuing='true'>${destination}</destination>`;
  return `<qos><priority>${priority}</priority>${isPersistent ? '<persistent/>' : ''}${to}</qos>`;
}
