import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startBroker } from '../helpers/broker.ts';
import { RawClient } from '../helpers/raw.ts';
import { Marks } from './transcript.ts';

// What real clients and the console said to each other: protocol/transcripts/telnet, written as those of SOCKET.

const directory = join(import.meta.dirname, '../../protocol/transcripts/telnet');

describe.each(readdirSync(directory))('%s', (name) => {
  const transcript = readFileSync(join(directory, name), 'utf8');

  test('is repeated', () => replay(transcript, false));

  test('is repeated, byte by byte', () => replay(transcript, true));
});

/** Types what the client sent; the console has to answer what it answered, apart from the marked parts. */
async function replay(transcript: string, byteByByte: boolean): Promise<void> {
  const { telnetPort = 0 } = await startBroker({ nodeId: 'heron', telnetPort: 0 });
  const client = await RawClient.connect(telnetPort);
  const marks = new Marks();
  let start = 0;
  for (const line of transcript.trimEnd().split('\n')) {
    const said = line.slice(2);
    if (line.startsWith('C ')) await send(client, marks.fill(said), byteByByte);
    else if (line === 'S end') expect((await client.closed()).length, 'nothing more').toBe(start);
    else if (line.startsWith('S ')) {
      const isSaid = (text: string): boolean => marks.matches(said, Buffer.from(text.slice(start), 'latin1'));
      start = (await client.until({ test: isSaid })).length;
    }
  }
}

async function send({ socket }: RawClient, bytes: Buffer, byteByByte: boolean): Promise<void> {
  const pieces = byteByByte ? [...bytes].map((byte) => Buffer.of(byte)) : [bytes];
  for (const piece of pieces) await new Promise((resolve) => socket.write(piece, resolve));
}
