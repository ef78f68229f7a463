import { LoadClient } from './load-client.ts';

/** NATS core; `verbose` makes the server acknowledge every publish. Subscribers do not acknowledge anything. */
export class NatsLoadClient extends LoadClient {
  #isVerbose = false;
  #lastSubscription = 0;
  /** Acknowledgements that belong to none of the publishes. */
  #otherAcks = 0;

  async login(name: string): Promise<void> {
    this.say(`CONNECT ${JSON.stringify({ verbose: false, pedantic: false, name })}\r\n`);
    await this.roundTrip();
  }

  async subscribe(topic: string): Promise<void> {
    if (this.#isVerbose) this.#otherAcks++;
    this.say(`SUB ${topic} ${++this.#lastSubscription}\r\n`);
    await this.roundTrip();
  }

  publish(topic: string, content: string): void {
    if (!this.#isVerbose) {
      this.#isVerbose = true;
      this.#otherAcks++;
      this.say('CONNECT {"verbose":true,"pedantic":false}\r\n');
    }
    this.publishOneway(topic, content);
  }

  publishOneway(topic: string, content: string): void {
    this.say(`PUB ${topic} ${content.length}\r\n${content}\r\n`);
  }

  async roundTrip(): Promise<void> {
    this.say('PING\r\n');
    await this.answer();
  }

  protected farewell(): void {}

  protected read(bytes: Buffer): number {
    let at = 0;
    let acks = 0;
    for (let lineEnd = bytes.indexOf(0x0a, at); lineEnd >= 0; lineEnd = bytes.indexOf(0x0a, at)) {
      const first = bytes[at];
      if (first === 0x2b) acks++;
      else if (first === 0x4d) {
        const line = bytes.toString('latin1', at, lineEnd - 1);
        const length = Number(line.slice(line.lastIndexOf(' ') + 1));
        if (bytes.length < lineEnd + 1 + length + 2) break;
        this.readMessage(bytes, lineEnd + 1, lineEnd + 1 + length);
        at = lineEnd + 1 + length + 2;
        continue;
      } else this.#readLine(bytes.toString('latin1', at, lineEnd - 1));
      at = lineEnd + 1;
    }
    this.#count(acks);
    return at;
  }

  protected readMessage(bytes: Buffer, start: number, end: number): void {
    this.events.onMessage(bytes, start, end);
  }

  #readLine(line: string): void {
    if (line === 'PONG') this.answered();
    else if (line === 'PING') this.say('PONG\r\n');
    else if (line.startsWith('-ERR')) throw new Error(`The server answered: ${line}`);
  }

  #count(acks: number): void {
    const others = Math.min(acks, this.#otherAcks);
    this.#otherAcks -= others;
    if (acks > others) this.events.onAcks(acks - others);
  }
}
