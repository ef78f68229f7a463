import type { Socket } from 'node:net';
import { LoadClient } from './load-client.ts';

const LENGTH_BYTES = 10;
const TYPE_AT = 12;
const HEADER_BYTES = 16;
const [INVOKE, RETURN] = [0x49, 0x52];

/** A session gets one call at a time, so what waits is to come together: what max_inflight_messages is for MQTT. */
const BURST = "<burstMode maxEntries='100'/>";

/** xmlBlaster's SOCKET protocol (protocol/socket.md): this broker or any other xmlBlaster. */
export class SocketLoadClient extends LoadClient {
  #session = '';
  #lastRequestId = 0;
  /** Answers before it are none to publishes. */
  #awaitedId = '';
  readonly #heads = new Map<string, string>();
  readonly #publishQos: string;

  constructor(socket: Socket, publishQos = '<qos/>') {
    super(socket);
    this.#publishQos = publishQos;
  }

  async login(name: string): Promise<void> {
    const callback = `<callback type='SOCKET' pingInterval='0'>${BURST}</callback>`;
    await this.connect(name, `<session name='${name}' maxSessions='1000'/><queue relating='callback'>${callback}</queue>`);
  }

  /** `name` may be that of one session, `joe/1`. */
  protected async connect(name: string, qos: string): Promise<void> {
    const [user] = name.split('/');
    const credentials = `<securityService type='htpasswd' version='1.0'><user>${user}</user><passwd>secret</passwd></securityService>`;
    await this.call('connect', `<qos>${credentials}${qos}</qos>`);
  }

  async subscribe(topic: string): Promise<void> {
    await this.call('subscribe', `<qos><initialUpdate>false</initialUpdate></qos>\0<key oid='${topic}'/>\0`);
  }

  publish(topic: string, content: string): void {
    this.#say('publish', String(++this.#lastRequestId), `${this.#headOf(topic)}${content.length}\0${content}`);
  }

  /** Subscribes the topics that match, now and later; `xpath` is XML text. */
  async subscribeXPath(xpath: string): Promise<void> {
    await this.call('subscribe', `<qos><initialUpdate>false</initialUpdate></qos>\0<key queryType='XPATH'>${xpath}</key>\0`);
  }

  /** Publishes with a key and a QoS that are not like those before; all of it is latin1. */
  publishAs(key: string, qos: string, content: string): void {
    this.#say('publish', String(++this.#lastRequestId), `${qos}\0${key}\0${content.length}\0${content}`);
  }

  publishOneway(topic: string, content: string): void {
    this.#say('publishOneway', String(++this.#lastRequestId), `${this.#headOf(topic)}${content.length}\0${content}`);
  }

  async roundTrip(): Promise<void> {
    await this.call('ping', '');
  }

  protected farewell(): void {
    this.#say('disconnect', String(++this.#lastRequestId), '');
  }

  protected read(bytes: Buffer): number {
    let at = 0;
    let acks = 0;
    while (bytes.length - at >= HEADER_BYTES) {
      const length = Number(bytes.toString('latin1', at, at + LENGTH_BYTES));
      if (bytes.length - at < length) break;
      const type = bytes[at + TYPE_AT];
      if (type === INVOKE) this.#readCall(bytes, at, at + length);
      else if (type !== RETURN)
        throw new Error(`The server answered: ${bytes.toString('latin1', at, Math.min(at + length, at + 500))}`);
      else if (this.#awaitedId !== '' && this.#isAwaited(bytes, at, at + length)) this.answered();
      else acks++;
      at += length;
    }
    if (acks > 0) this.events.onAcks(acks);
    return at;
  }

  protected call(method: string, data: string): Promise<void> {
    this.#awaitedId = String(++this.#lastRequestId);
    this.#say(method, this.#awaitedId, data);
    return this.answer();
  }

  #isAwaited(bytes: Buffer, start: number, end: number): boolean {
    const idEnd = bytes.indexOf(0, start + HEADER_BYTES);
    if (bytes.toString('latin1', start + HEADER_BYTES, idEnd) !== this.#awaitedId) return false;
    this.#awaitedId = '';
    const methodEnd = bytes.indexOf(0, idEnd + 1);
    if (this.#session === '')
      this.#session = bytes.toString('latin1', methodEnd + 1, Math.min(end, bytes.indexOf(0, methodEnd + 1)));
    return true;
  }

  /** An update, or a ping, which gets the same answer. */
  #readCall(bytes: Buffer, start: number, end: number): void {
    const idEnd = bytes.indexOf(0, start + HEADER_BYTES);
    const methodEnd = bytes.indexOf(0, idEnd + 1);
    const sessionEnd = bytes.indexOf(0, methodEnd + 1);
    const method = bytes.toString('latin1', idEnd + 1, methodEnd);
    if (method !== 'ping') this.#readUnits(bytes, bytes.indexOf(0, sessionEnd + 1) + 1, end);
    if (method === 'updateOneway') return;
    const head = bytes.toString('latin1', start + HEADER_BYTES, sessionEnd);
    this.say(frame('R', `${head}\0\0<qos><state id='OK'/></qos>\0\x000\0`));
  }

  #readUnits(bytes: Buffer, start: number, end: number): void {
    for (let at = start; at < end; ) {
      const keyAt = bytes.indexOf(0, at) + 1;
      const lengthAt = bytes.indexOf(0, keyAt) + 1;
      const contentAt = bytes.indexOf(0, lengthAt) + 1;
      at = contentAt + Number(bytes.toString('latin1', lengthAt, contentAt - 1));
      this.events.onMessage(bytes, contentAt, at);
    }
  }

  #headOf(topic: string): string {
    const known = this.#heads.get(topic);
    if (known !== undefined) return known;
    const head = `${this.#publishQos}\0<key oid='${topic}'/>\0`;
    this.#heads.set(topic, head);
    return head;
  }

  #say(method: string, requestId: string, data: string): void {
    this.say(frame('I', `${requestId}\0${method}\0${this.#session}\0${data.length}\0${data}`));
  }
}

/** All of it is latin1. */
function frame(type: string, rest: string): string {
  return `${String(HEADER_BYTES + rest.length).padStart(LENGTH_BYTES)}\0\0${type}\0\x001${rest}`;
}
