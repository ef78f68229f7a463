import type { WireFrame } from '../helpers/socket.ts';
import { FrameClient } from './frame-client.ts';
import { ask, redeliverIn } from './http-client.ts';
import type { Life } from './life.ts';
import { numberIn } from './message.ts';
import type { Random } from './random.ts';
import { type Subscriber, sessionOf } from './subscriber.ts';
import type { Witness } from './witness.ts';

const PING_EVERY_MS = 30;
const MAX_ACK_DELAY_MS = 20;

/** The secret session id, by which it gets its session back. */
export async function subscribeOverSocket(port: number, subscriber: Subscriber): Promise<string> {
  const client = await FrameClient.open(port);
  await client.login(connectQos(subscriber));
  for (const query of subscriber.queries) {
    const key = 'oid' in query ? `<key oid='${query.oid}'/>` : `<key queryType='XPATH'>${query.xpath}</key>`;
    await client.call('subscribe', `<qos><persistent/></qos>\0${key}\0`);
  }
  client.close();
  return client.session;
}

/** Takes updates until the life is over: acknowledges at once, later, or never. */
export async function keepListening(subscriber: Subscriber, life: Life, random: Random): Promise<void> {
  const laziness = random.pick([0, 0, 0.5, 1]);
  const acknowledges = random.chance(0.9);
  const listener = await Listener.open(subscriber, life.port, life.witness, (update, acknowledge) => {
    if (!acknowledges) return;
    if (!random.chance(laziness)) acknowledge(update);
    else setTimeout(acknowledge, random.between(0, MAX_ACK_DELAY_MS), update);
  });
  try {
    while (!life.isOver) {
      await listener.ping();
      await life.pause(random, PING_EVERY_MS);
    }
  } finally {
    listener.close();
  }
}

/** Gets everything that is there, and acknowledges it. */
export async function listenToAll(subscriber: Subscriber, port: number, witness: Witness): Promise<void> {
  const owed = witness.ledger.owedTo(subscriber.name);
  const listener = await Listener.open(subscriber, port, witness, (update, acknowledge) => acknowledge(update));
  const giveUpAt = performance.now() + MAX_DRAIN_MS;
  for (let left = ''; left !== '0'; left = await ask(port, queueOf(subscriber))) {
    await listener.ping();
    if (performance.now() < giveUpAt) continue;
    witness.ledger.problem(`STUCK: ${left} messages wait for ${subscriber.name}, and do not come`);
    break;
  }
  listener.close();
  witness.ledger.settle(subscriber.name, owed);
}

const MAX_DRAIN_MS = 20_000;

/** What becomes of an update that has been received. */
type Take = (update: WireFrame, acknowledge: (update: WireFrame) => void) => void;

class Listener {
  readonly #name: string;
  readonly #client: FrameClient;
  readonly #witness: Witness;
  /** Acknowledged, and perhaps not read by the broker. */
  #acknowledged: number[] = [];

  private constructor(name: string, client: FrameClient, witness: Witness, take: Take) {
    this.#name = name;
    this.#client = client;
    this.#witness = witness;
    client.onUpdate = (update) => this.#receive(update, take);
  }

  static async open(subscriber: Subscriber, port: number, witness: Witness, take: Take): Promise<Listener> {
    const client = await FrameClient.open(port);
    witness.note({ kind: 'opened', subscriber: subscriber.name });
    const listener = new Listener(subscriber.name, client, witness, take);
    const answer = await client.login(connectQos(subscriber));
    if (!answer.includes('<reconnected/>'))
      witness.ledger.problem(`SESSION: ${subscriber.name} did not get its session back: ${answer}`);
    return listener;
  }

  /** Behind it the broker has read what was acknowledged before. */
  async ping(): Promise<void> {
    const numbers = this.#acknowledged;
    this.#acknowledged = [];
    await this.#client.call('ping');
    if (numbers.length > 0) this.#witness.note({ kind: 'acknowledged', subscriber: this.#name, numbers });
  }

  close(): void {
    this.#client.close();
  }

  #receive(update: WireFrame, take: Take): void {
    for (const { content, redeliver } of unitsIn(update))
      this.#witness.note({ kind: 'received', subscriber: this.#name, content, redeliver });
    take(update, (taken) => this.#acknowledge(taken));
  }

  #acknowledge(update: WireFrame): void {
    this.#client.acknowledge(update);
    this.#acknowledged.push(...unitsIn(update).map(({ content }) => numberIn(content)));
  }
}

function connectQos(subscriber: Subscriber): string {
  const callback = `<callback type='SOCKET' retries='-1' pingInterval='0'>${subscriber.burst ?? ''}</callback>`;
  const queue = `<queue relating='callback' maxEntries='10000000' maxBytes='10000000000'>${callback}</queue>`;
  return `<session name='${sessionOf(subscriber)}'/><persistent/>${queue}`;
}

function queueOf({ name, session }: Subscriber): string {
  return `client/${name}/session/${session}/?cbQueueNumMsgs`;
}

function unitsIn({ data }: WireFrame): { readonly content: string; readonly redeliver: number }[] {
  const units: { content: string; redeliver: number }[] = [];
  for (let at = 0; at < data.length; ) {
    const keyAt = data.indexOf('\0', at) + 1;
    const lengthAt = data.indexOf('\0', keyAt) + 1;
    const contentAt = data.indexOf('\0', lengthAt) + 1;
    const end = contentAt + Number(data.slice(lengthAt, contentAt - 1));
    units.push({ content: data.slice(contentAt, end), redeliver: redeliverIn(data.slice(at, keyAt)) });
    at = end;
  }
  return units;
}
