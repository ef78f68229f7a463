import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startBroker } from '../helpers/broker.ts';
import { ManualClock } from '../helpers/clock.ts';
import { Marks, Peer, parseTranscript, type Transcript } from './transcript.ts';

// What real clients and the broker said to each other: protocol/transcripts/socket, format in protocol/socket.md, "Transcripts".

const directory = join(import.meta.dirname, '../../protocol/transcripts/socket');

describe.each(readdirSync(directory))('%s', (name) => {
  const transcript = parseTranscript(readFileSync(join(directory, name), 'utf8'));

  test('is repeated, frame by frame', () => replay(transcript, false));

  test('is repeated, byte by byte', () => replay(transcript, true));
});

/** Says what the client said; the broker has to answer what it answered, apart from the marked parts. */
async function replay({ compression, steps }: Transcript, byteByByte: boolean): Promise<void> {
  const clock = new ManualClock();
  const { port } = await startBroker({ nodeId: 'heron' }, { clock });
  const marks = new Marks();
  const peers = new Map<string, Peer>();
  const peerOf = (connection: string): Peer => {
    const peer = peers.get(connection) ?? new Peer(port, compression, byteByByte);
    peers.set(connection, peer);
    return peer;
  };
  for (const step of steps) {
    if (step.kind === 'time') {
      for (const peer of peers.values()) await peer.settle();
      clock.advance(step.ms);
    }
    if (step.kind === 'client') await peerOf(step.connection).send(marks.fill(step.frame));
    else if (step.kind === 'server') await receive(peerOf(step.connection), marks, step.frame);
    else if (step.kind === 'end' && step.side === 'C') peerOf(step.connection).end();
    else if (step.kind === 'end') await peerOf(step.connection).ended();
  }
  for (const peer of peers.values()) expect(peer.frames.map(String)).toEqual([]);
}

async function receive(peer: Peer, marks: Marks, frame: string): Promise<void> {
  await peer.receive((bytes) => marks.matches(frame, bytes));
}
