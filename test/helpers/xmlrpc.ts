import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import {
  decodeMethodCall,
  decodeMethodResponse,
  encodeMethodCall,
  encodeMethodResponse,
  type RpcValue,
} from '../../src/codec/xmlrpc.ts';

const OK = "<qos><state id='OK'/></qos>";

/** Calls a method; the text of a fault is thrown. */
export async function call(port: number, method: string, ...params: RpcValue[]): Promise<RpcValue> {
  const response = await fetch(`http://127.0.0.1:${port}/RPC2`, { method: 'POST', body: encodeMethodCall(method, params) });
  const answer = decodeMethodResponse(await response.text());
  if ('fault' in answer) throw new Error(answer.fault.message);
  return answer.value;
}

export async function login(port: number, name: string, qos = '<qos/>'): Promise<string> {
  return String(await call(port, 'authenticate.login', name, 'secret', qos, ''));
}

/** Resolves when the session of `id` has ended. */
export async function ended(port: number, id: string): Promise<void> {
  for (;;) {
    const outcome = await call(port, 'xmlBlaster.get', id, "<key oid='a'/>", '').catch((error: Error) => error);
    if (outcome instanceof Error) {
      expect(outcome.message).toContain('accessDenied');
      return;
    }
  }
}

export function callbackQos(url: string, attributes = ''): string {
  return `<qos><queue relating='callback'><callback type='XMLRPC' ${attributes}>${url}</callback></queue></qos>`;
}

/** A call that the broker made. */
export interface Received {
  readonly method: string;
  readonly params: readonly RpcValue[];
}

type Answer = (call: Received, response: ServerResponse, request: IncomingMessage) => void;

/** The server that a client runs for its updates; says OK unless it is told otherwise. */
export class CallbackServer {
  readonly port: number;
  readonly url: string;
  readonly received: Received[] = [];
  /** How it answers. */
  answer: Answer = (_call, response) => respond(response, OK);
  #wake: () => void = () => {};

  private constructor(port: number) {
    this.port = port;
    this.url = `http://127.0.0.1:${port}/RPC2`;
  }

  static async start(port = 0): Promise<CallbackServer> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => self.#take(Buffer.concat(chunks).toString(), response, request));
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const self = new CallbackServer((server.address() as AddressInfo).port);
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return self;
  }

  /** The contents of the updates so far. */
  get contents(): string[] {
    return this.received.filter(({ method }) => /update/.test(method)).map(({ params }) => String(params[2]));
  }

  /** Resolves when what has been received fits. */
  async until(fits: (server: this) => boolean): Promise<void> {
    while (!fits(this)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #take(body: string, response: ServerResponse, request: IncomingMessage): void {
    const { method, params } = decodeMethodCall(body);
    const received = { method, params };
    this.received.push(received);
    this.answer(received, response, request);
    this.#wake();
  }
}

export function respond(response: ServerResponse, value: RpcValue): void {
  response.setHeader('Content-Type', 'text/xml').end(encodeMethodResponse(value));
}
