import type { Socket } from 'node:net';
import { LoadClient } from './load-client.ts';

const [CONNACK, PUBLISH, PUBACK, SUBACK, PINGRESP] = [0x20, 0x30, 0x40, 0x90, 0xd0];
const TYPE_BITS = 0xf0;
const MAX_PACKET_ID = 65_535;
const CLEAN_SESSION = '\x02';

/** MQTT 3.1.1; everything acknowledged travels with QoS 1. */
export class MqttLoadClient extends LoadClient {
  readonly #connectFlags: string;
  #packetId = 0;

  /** A session that is not clean outlives its connection, with its subscriptions. */
  constructor(socket: Socket, isClean = true) {
    super(socket);
    this.#connectFlags = isClean ? CLEAN_SESSION : '\0';
  }

  async login(name: string): Promise<void> {
    this.say(packet(0x10, `${text('MQTT')}\x04${this.#connectFlags}\0\0${text(name)}`));
    await this.answer();
  }

  async subscribe(topic: string): Promise<void> {
    this.say(packet(0x82, `${this.#nextPacketId()}${text(topic)}\x01`));
    await this.answer();
  }

  publish(topic: string, content: string): void {
    this.say(packet(0x32, `${text(topic)}${this.#nextPacketId()}${content}`));
  }

  publishOneway(topic: string, content: string): void {
    this.say(packet(0x30, text(topic) + content));
  }

  async roundTrip(): Promise<void> {
    this.say(packet(0xc0, ''));
    await this.answer();
  }

  protected farewell(): void {
    this.say(packet(0xe0, ''));
  }

  protected read(bytes: Buffer): number {
    let at = 0;
    let acks = 0;
    while (at + 2 <= bytes.length) {
      const { length, bodyAt } = readLength(bytes, at + 1);
      if (bodyAt < 0 || bytes.length < bodyAt + length) break;
      const type = (bytes[at] as number) & TYPE_BITS;
      if (type === PUBLISH) this.#readPublish(bytes, bodyAt, bodyAt + length);
      else if (type === PUBACK) acks++;
      else if (type === CONNACK || type === SUBACK || type === PINGRESP) this.answered();
      at = bodyAt + length;
    }
    if (acks > 0) this.events.onAcks(acks);
    return at;
  }

  #readPublish(bytes: Buffer, start: number, end: number): void {
    const idAt = start + 2 + bytes.readUInt16BE(start);
    this.events.onMessage(bytes, idAt + 2, end);
    this.say(`\x40\x02${bytes.toString('latin1', idAt, idAt + 2)}`);
  }

  #nextPacketId(): string {
    this.#packetId = (this.#packetId % MAX_PACKET_ID) + 1;
    return uint16(this.#packetId);
  }
}

function packet(type: number, body: string): string {
  let length = '';
  for (let rest = body.length; ; rest >>= 7) {
    length += String.fromCharCode((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    if (rest <= 0x7f) break;
  }
  return String.fromCharCode(type) + length + body;
}

/** `bodyAt` is -1 while the length is not whole. */
function readLength(bytes: Buffer, start: number): { length: number; bodyAt: number } {
  let length = 0;
  for (let at = start, shift = 0; at < bytes.length; at++, shift += 7) {
    const byte = bytes[at] as number;
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) return { length, bodyAt: at + 1 };
  }
  return { length, bodyAt: -1 };
}

function text(value: string): string {
  return uint16(value.length) + value;
}

function uint16(value: number): string {
  return String.fromCharCode(value >> 8, value & 0xff);
}
