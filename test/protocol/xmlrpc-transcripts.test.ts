import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startBroker } from '../helpers/broker.ts';
import { Marks } from './transcript.ts';

// What real clients and the broker said to each other: protocol/transcripts/xmlrpc, format in protocol/xmlrpc.md, "Transcripts".

const directory = join(import.meta.dirname, '../../protocol/transcripts/xmlrpc');

describe.each(readdirSync(directory))('%s', (name) => {
  test('is repeated, body by body', () => replay(readFileSync(join(directory, name), 'utf8')));
});

/** Says what the client said, as caller and as server; the broker has to say what it said, apart from the marked parts. */
async function replay(transcript: string): Promise<void> {
  const { url } = await startBroker({ nodeId: 'heron' });
  const server = await startServer();
  const marks = new Marks();
  const answers: Promise<Buffer>[] = [];
  let poll: Promise<Buffer> | undefined;
  const open: ServerResponse[] = [];
  let userAgent = '';
  const expectSame = (said: string, body: Buffer | undefined): void => {
    expect(body && marks.matches(said, body), `${said}\n${body}`).toBe(true);
  };
  for (const line of transcript.trimEnd().split('\n')) {
    const said = line.slice(2).replaceAll('⟨callback⟩', server.url);
    if (line.startsWith('A ')) userAgent = said;
    else if (line.startsWith('C ')) answers.push(call(url, userAgent, marks.fill(said)));
    else if (line.startsWith('S ')) expectSame(said, await answers.shift());
    else if (line.startsWith('P ')) poll = call(url, userAgent, marks.fill(said));
    else if (line.startsWith('Q ')) expectSame(said, await poll);
    else if (line.startsWith('R ')) open.shift()?.end(marks.fill(said));
    else if (line.startsWith('U ')) {
      const { body, response } = await server.next();
      open.push(response);
      expectSame(said, body);
    }
  }
}

async function call(url: string, userAgent: string, body: Buffer): Promise<Buffer> {
  const headers = { 'User-Agent': userAgent, 'Content-Type': 'text/xml' };
  const response = await fetch(url, { method: 'POST', headers, body: new Uint8Array(body) });
  return Buffer.from(await response.arrayBuffer());
}

interface BrokerCall {
  readonly body: Buffer;
  readonly response: ServerResponse;
}

/** The server of the client: its calls are taken one by one. */
async function startServer(): Promise<{ readonly url: string; next(): Promise<BrokerCall> }> {
  const calls: BrokerCall[] = [];
  let wake = (): void => {};
  const server = createServer(async (request, response) => {
    calls.push({ body: await buffer(request), response });
    wake();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/RPC2`;
  const next = async (): Promise<BrokerCall> => {
    for (;;) {
      const received = calls.shift();
      if (received) return received;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return { url, next };
}
