import type { Answer, TestBroker } from './broker.ts';

/** What applets read: the original's objects, by a reader of its own. */

export type AppletValue = string | Table | readonly Table[] | readonly AppletMessage[];
type Table = Readonly<Record<string, string>>;
interface AppletMessage {
  readonly qos: Table;
  readonly key: Table;
  readonly content: string;
}

/** The objects in a line of base64; what is left over, and what is missing, is an error. */
export function readAppletLine(line: string): AppletValue[] {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(line)) throw new Error(`not one line of base64: ${line}`);
  const reader = new Reader(Buffer.from(line, 'base64'));
  const values: AppletValue[] = [];
  while (!reader.isAtEnd) values.push(reader.object());
  return values;
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  object(): AppletValue {
    switch (this.#int32()) {
      case 0:
        return this.#text();
      case 1:
        return this.#table();
      case 2:
        return this.#times(() => this.#table());
      case 3:
        return this.#times(() => ({
          qos: this.#table(),
          key: this.#table(),
          content: this.#take(this.#int32()).toString('latin1'),
        }));
      default:
        throw new Error(`an unknown object at ${this.#at - 4} of ${this.#bytes.toString('latin1')}`);
    }
  }

  #table(): Table {
    return Object.fromEntries(this.#times(() => [this.#text(), this.#text()]));
  }

  #times<T>(read: () => T): T[] {
    return Array.from({ length: this.#int32() }, read);
  }

  /** Code units of UTF-16, in one to three bytes each. */
  #text(): string {
    const bytes = this.#take(this.#take(2).readUInt16BE());
    let text = '';
    for (let i = 0; i < bytes.length; ) {
      const first = bytes[i++] as number;
      const rest = first < 0x80 ? 0 : first < 0xe0 ? 1 : 2;
      let unit = rest === 0 ? first : first & (0x3f >> rest);
      for (let k = 0; k < rest; k++) unit = (unit << 6) | ((bytes[i++] as number) & 0x3f);
      text += String.fromCharCode(unit);
    }
    return text;
  }

  #int32(): number {
    return this.#take(4).readInt32BE();
  }

  #take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new Error(`${end - this.#bytes.length} bytes are missing`);
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}

/** What stands in the body of a request. */
export interface AppletUnit {
  readonly oid?: string;
  readonly key?: string;
  readonly qos?: string;
  readonly content?: string | Uint8Array;
}

/** An applet as the original's client is one: the cookie that it got, a stream, and a request for each call. */
export class AppletClient {
  readonly #broker: TestBroker;
  readonly path: string;
  cookie: string | undefined;

  constructor(broker: TestBroker, path = '/AppletServlet?appletInstanceCount=1') {
    this.#broker = broker;
    this.path = path;
  }

  /** An applet of the same browser. */
  sibling(instance: number): AppletClient {
    const other = new AppletClient(this.#broker, `/AppletServlet?appletInstanceCount=${instance}`);
    other.cookie = this.cookie;
    return other;
  }

  headers(action: string): Record<string, string> {
    return { ActionType: action, BinaryProtocol: 'true', ...(this.cookie !== undefined && { Cookie: this.cookie }) };
  }

  /** The result of a call; an exception is thrown as an error. */
  async call(action: string, unit: AppletUnit = {}): Promise<AppletValue> {
    const { body } = await this.answer(action, unit);
    const [method, result = ''] = readAppletLine(body.replace(/\n$/, ''));
    if (method === 'exception') throw new Error(String(result));
    if (method !== action) throw new Error(`${action} was answered with ${String(method)}`);
    return result;
  }

  async answer(action: string, unit: AppletUnit = {}): Promise<Answer> {
    const answer = await this.#broker.post(bodyOf(unit), this.path, this.headers(action));
    this.#keepCookie(answer.headers);
    return answer;
  }

  /** Makes itself known, connects, and reads its stream up to the login. */
  async connect(qos = '<qos/>'): Promise<AppletStream> {
    if (this.cookie === undefined) await this.call('dummyToCreateASessionId');
    const response = await this.#broker.fetch(this.path, {
      method: 'POST',
      headers: this.headers('connect'),
      body: bodyOf({ qos }),
    });
    this.#keepCookie(response.headers);
    const stream = new AppletStream(response);
    for (let ping = await stream.next(); ping?.[1] !== "<qos id='loginSucceeded'/>"; ping = await stream.next())
      if (ping?.[0] !== 'ping') throw new Error(`no login: ${String(ping)}`);
    return stream;
  }

  #keepCookie(headers: Headers): void {
    this.cookie = headers.get('set-cookie')?.split(';')[0] ?? this.cookie;
  }
}

/** As the original's client writes it: what is nothing but its NULs is not sent. */
function bodyOf({ oid = '', key = '', qos = '', content = '' }: AppletUnit): Uint8Array<ArrayBuffer> {
  const body = Buffer.concat([Buffer.from(`${oid}\0${key}\0${qos}\0`), Buffer.from(content as string)]);
  return new Uint8Array(body.length > 3 ? body : []);
}

/** The stream of an applet, line by line. */
export class AppletStream {
  readonly response: Response;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #text = '';

  constructor(response: Response) {
    if (!response.body) throw new Error('a stream without a body');
    this.response = response;
    this.#reader = response.body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  }

  /** The objects of the next line; undefined at the end of the stream. */
  async next(): Promise<AppletValue[] | undefined> {
    for (let line = await this.#line(); line !== undefined; line = await this.#line())
      if (line !== '' && line !== '--End') return readAppletLine(line);
    return undefined;
  }

  /** The next thing that is no ping. */
  async update(): Promise<AppletValue[] | undefined> {
    for (;;) {
      const objects = await this.next();
      if (objects?.[0] !== 'ping') return objects;
    }
  }

  /** The contents of the next updates. */
  async contents(count: number): Promise<string[]> {
    const contents: string[] = [];
    while (contents.length < count) contents.push(Buffer.from(String((await this.update())?.[4]), 'base64').toString());
    return contents;
  }

  /** The client goes away. */
  async abort(): Promise<void> {
    await this.#reader.cancel();
  }

  async #line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\n');
      if (end >= 0) {
        const line = this.#text.slice(0, end).replace(/\r$/, '');
        this.#text = this.#text.slice(end + 1);
        return line;
      }
      const { value, done } = await this.#reader.read();
      if (done) return undefined;
      this.#text += Buffer.from(value).toString('latin1');
    }
  }
}
