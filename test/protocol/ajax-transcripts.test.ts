import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startBroker } from '../helpers/broker.ts';
import { RawClient } from '../helpers/raw.ts';
import { Marks } from './transcript.ts';

// What real pages and the broker said to each other: protocol/transcripts/http-legacy/ajax-*, format in protocol/http-legacy.md.

const directory = join(import.meta.dirname, '../../protocol/transcripts/http-legacy');
const names = readdirSync(directory).filter((name) => name.startsWith('ajax-'));

describe.each(names)('%s', (name) => {
  test('is repeated', () => replay(readFileSync(join(directory, name), 'utf8'), false));
  test('is repeated byte by byte', () => replay(readFileSync(join(directory, name), 'utf8'), true));
});

/** Says what the browser said, each request on a connection of its own; the broker has to say what it said, apart from the marked parts. */
async function replay(transcript: string, byteByByte: boolean): Promise<void> {
  const broker = await startBroker({ nodeId: 'heron' });
  const marks = new Marks();
  const open = new Map<string, RawClient>();
  for (const line of transcript.trimEnd().split('\n')) {
    const [, what = '#', said = ''] = /^([CS]\d+|P) (.*)$/.exec(line) ?? [];
    const number = what.slice(1);
    const bytes = marks.fill(said.replaceAll('⟨host⟩', `127.0.0.1:${broker.port}`));
    if (what === 'P') {
      const space = bytes.indexOf(' ');
      await broker.put(`/topics/${bytes.subarray(0, space)}`, new Uint8Array(bytes.subarray(space + 1)));
    } else if (what.startsWith('C')) {
      const client = await RawClient.connect(broker.port);
      open.set(number, client);
      for (const piece of byteByByte ? [...bytes].map((byte) => Uint8Array.of(byte)) : [bytes])
        await new Promise((resolve) => client.socket.write(piece, resolve));
      // It has arrived when what was sent later has been answered.
      for (let i = 0; i < 3; i++) await broker.get('/healthz');
    } else if (what.startsWith('S')) {
      const answer = await answerOf(open.get(number));
      expect(marks.matches(said, answer), `${said}\n${answer}`).toBe(true);
    }
  }
  for (const client of open.values()) client.destroy();
}

/** The whole of the one answer on a connection. */
async function answerOf(client: RawClient | undefined): Promise<Buffer> {
  const head = (await client?.until(/\r\n\r\n/)) ?? '';
  const start = head.indexOf('\r\n\r\n') + 4;
  const length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
  const whole = await client?.until(new RegExp(`^[^]{${start + length}}`));
  return Buffer.from(whole ?? '', 'latin1');
}
