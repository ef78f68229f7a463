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
