import { NatsLoadClient } from './nats-load-client.ts';

/** NATS JetStream: what is published to the topic of a stream is acknowledged when the stream has taken it. */
export class JetStreamLoadClient extends NatsLoadClient {
  /** Where answers arrive. */
  #inbox = '';
  #isAwaiting = false;

  override async login(name: string): Promise<void> {
    await super.login(name);
    this.#inbox = `_INBOX.${name}`;
    await super.subscribe(this.#inbox);
  }

  /** Makes the stream of `topic`, in files, with a durable consumer, which gets nothing as long as it does not ask. */
  override async subscribe(topic: string): Promise<void> {
    await this.#request(`STREAM.CREATE.${topic}`, { name: topic, subjects: [topic], storage: 'file', num_replicas: 1 });
    const config = { durable_name: 'sleeper', ack_policy: 'explicit' };
    await this.#request(`CONSUMER.DURABLE.CREATE.${topic}.sleeper`, { stream_name: topic, config });
  }

  override publish(topic: string, content: string): void {
    this.say(`PUB ${topic} ${this.#inbox} ${content.length}\r\n${content}\r\n`);
  }

  protected override readMessage(bytes: Buffer, start: number, end: number): void {
    const answer = bytes.subarray(start, end);
    if (answer.includes('"error"')) throw new Error(`The server answered: ${answer.toString()}`);
    if (this.#isAwaiting) this.answered();
    else this.events.onAcks(1);
    this.#isAwaiting = false;
  }

  async #request(what: string, content: object): Promise<void> {
    this.#isAwaiting = true;
    this.publish(`$JS.API.${what}`, JSON.stringify(content));
    await this.answer();
  }
}
