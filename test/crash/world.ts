import { ask, readUnits, request } from './http-client.ts';
import type { Ledger } from './ledger.ts';
import { Life } from './life.ts';
import { keepListening, listenToAll, subscribeOverSocket } from './listeners.ts';
import { HISTORY_ENTRIES, HISTORY_TOPICS } from './message.ts';
import { keepPolling, pollAll, subscribeByPolls } from './pollers.ts';
import { PUBLISHERS } from './publishers.ts';
import type { Random } from './random.ts';
import { SUBSCRIBERS, type Subscriber } from './subscriber.ts';
import type { Witness } from './witness.ts';

/** The ids of each subscriber's subscriptions, which stay the same for ever. */
export type Subscriptions = ReadonlyMap<Subscriber, string>;

/** Makes all sessions and subscriptions; to be called once, before anything is published. */
export async function subscribeAll(port: number): Promise<Subscriptions> {
  const subscriptions = new Map<Subscriber, string>();
  for (const subscriber of SUBSCRIBERS) {
    if (subscriber.way === 'socket') await subscribeOverSocket(port, subscriber);
    else await subscribeByPolls(port, subscriber);
    if (subscriber.queries.length > 0) subscriptions.set(subscriber, await subscriptionsOf(port, subscriber));
  }
  return subscriptions;
}

/** What is seen before any client has come back: subscriptions and histories are as they were. */
export async function checkState(port: number, subscriptions: Subscriptions, ledger: Ledger): Promise<void> {
  for (const [subscriber, known] of subscriptions) {
    const found = await subscriptionsOf(port, subscriber).catch((error: Error) => error.message);
    if (found !== known)
      ledger.problem(`SUBSCRIPTIONS: ${subscriber.name} had "${known}" and has "${found}" in life ${ledger.life}`);
  }
  for (const topic of HISTORY_TOPICS) await checkHistory(port, topic, ledger);
}

/** Publishers and subscribers at work; resolves when the life is over and all of them have noticed. */
export async function live(port: number, witness: Witness, random: Random, end: (life: Life) => Promise<void>): Promise<void> {
  const life = new Life(port, witness);
  const clients = Object.entries(PUBLISHERS).map(([name, publish]) => life.run(name, () => publish(life, random.fork())));
  for (const subscriber of SUBSCRIBERS) {
    const ofItsOwn = random.fork();
    if (!random.chance(subscriber.presence)) continue;
    const keepOn = subscriber.way === 'socket' ? keepListening : keepPolling;
    clients.push(life.run(subscriber.name, () => keepOn(subscriber, life, ofItsOwn)));
  }
  await end(life);
  await Promise.all(clients);
  witness.note({ kind: 'ended' });
}

/** Every subscriber gets all that is there; what then has not come is lost. */
export async function deliverAll(port: number, witness: Witness): Promise<void> {
  for (const subscriber of SUBSCRIBERS) await (subscriber.way === 'socket' ? listenToAll : pollAll)(subscriber, port, witness);
}

async function subscriptionsOf(port: number, { name, session }: Subscriber): Promise<string> {
  const ids = await ask(port, `client/${name}/session/${session}/?subscriptions`);
  return ids.split('\n').sort().join(' ');
}

/** The newest messages, each acknowledged one among them; one that was sent and never acknowledged may be there. */
async function checkHistory(port: number, topic: string, ledger: Ledger): Promise<void> {
  const acked = ledger.ackedOn(topic);
  const { body } = await request(port, `/topics/${topic}?history=${2 * HISTORY_ENTRIES}`).catch((error: Error) => ({
    body: error.message,
  }));
  const units = readUnits(body);
  const say = (what: string): void => ledger.problem(`HISTORY: ${topic} in life ${ledger.life} ${what}`);
  for (const { content } of units) if (ledger.find(content)?.topic !== topic) say(`has "${content.slice(0, 50)}"`);
  const stamps = units.map(({ rcvTimestamp }) => rcvTimestamp);
  if (stamps.some((stamp, i) => i > 0 && stamp >= (stamps[i - 1] as bigint))) say(`is not in order: ${stamps.join(' ')}`);
  if (units.length > HISTORY_ENTRIES || units.length < Math.min(HISTORY_ENTRIES, acked.length))
    say(`has ${units.length} entries`);
  const oldest = units.length < HISTORY_ENTRIES ? 0n : (stamps.at(-1) ?? 0n);
  for (const { message, rcvTimestamp } of acked.slice(-HISTORY_ENTRIES))
    if (rcvTimestamp >= oldest && !stamps.includes(rcvTimestamp)) say(`lacks ${JSON.stringify(message)}`);
}
