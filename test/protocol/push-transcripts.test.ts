import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startBroker } from '../helpers/broker.ts';
import { ManualClock } from '../helpers/clock.ts';
import { RawClient } from '../helpers/raw.ts';
import { unquoted } from './transcript.ts';

// What applets, pages with a frame and the broker said to each other: protocol/transcripts/http-legacy, format in
// protocol/http-legacy.md. They were made while the broker's clock stood still, and so every byte comes again.

const directory = join(import.meta.dirname, '../../protocol/transcripts/http-legacy');
const names = readdirSync(directory).filter((name) => /^(applet|page)-/.test(name));

describe.each(names)('%s', (name) => {
  test('is repeated', () => replay(readFileSync(join(directory, name), 'utf8'), false));
  test('is repeated byte by byte', () => replay(readFileSync(join(directory, name), 'utf8'), true));
});

async function replay(transcript: string, byteByByte: boolean): Promise<void> {
  const clock = new ManualClock();
  const broker = await startBroker({ nodeId: 'heron' }, { clock });
  const connections = new Map<string, Connection>();
  let cookie = '⟨cookie⟩';
  for (const line of transcript.trimEnd().split('\n')) {
    const [, what = '#', number = '', said = ''] = /^([CST])(\d*) (.*)$/.exec(line) ?? [];
    if (what === 'T') clock.advance(Number(said));
    if (what !== 'C' && what !== 'S') continue;
    const connection = connections.get(number) ?? new Connection(await RawClient.connect(broker.port));
    connections.set(number, connection);
    const text = said.replaceAll('⟨host⟩', `127.0.0.1:${broker.port}`);
    if (what === 'C') await connection.send(unquoted(text.replaceAll('⟨cookie⟩', cookie)), byteByByte);
    else cookie = await connection.expect(text, cookie);
  }
  for (const connection of connections.values()) connection.end();
}

/** So long are they always. */
const COOKIE = 'c'.repeat(32);
const DATE = 'd'.repeat(29);

/** What was sent and received on one connection. */
class Connection {
  readonly #client: RawClient;
  #read = 0;

  constructor(client: RawClient) {
    this.#client = client;
  }

  async send(bytes: Buffer, byteByByte: boolean): Promise<void> {
    const pieces = byteByByte ? [...bytes].map((byte) => Uint8Array.of(byte)) : [bytes];
    for (const piece of pieces) await new Promise((resolve) => this.#client.socket.write(piece, resolve));
  }

  /** The next bytes are those, apart from the marks; returns the cookie, which stays what it was unless a new one comes. */
  async expect(said: string, cookie: string): Promise<string> {
    const end = this.#read + fill(said, COOKIE, DATE).length;
    const received = (await this.#client.until(new RegExp(`^[\\s\\S]{${end}}`))).slice(this.#read, end);
    this.#read = end;
    const set = /Set-Cookie: JSESSIONID=([\w-]{32});/i.exec(received)?.[1] ?? cookie;
    const date = /\r\nDate: ([^\r]{29})\r\n/.exec(received)?.[1] ?? DATE;
    expect(received).toBe(fill(said, set, date));
    return set;
  }

  end(): void {
    this.#client.destroy();
  }
}

function fill(said: string, cookie: string, date: string): string {
  return unquoted(said.replaceAll('⟨cookie⟩', cookie).replaceAll('⟨date⟩', date)).toString('latin1');
}
