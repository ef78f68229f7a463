import { onTestFinished } from 'vitest';
import { createLogger } from '../../src/base/logger.ts';
import { type Config, type ServerParts, startServer } from '../../src/server.ts';

/** A real broker on a free port, ended with the test that started it. */
export interface TestBroker {
  readonly port: number;
  /** The second port, if it was asked for. */
  readonly socketPort: number | undefined;
  /** The port of XML-RPC alone, if it was asked for. */
  readonly xmlrpcPort: number | undefined;
  /** The port of the console, if it was asked for. */
  readonly telnetPort: number | undefined;
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** `fetch` of a path; every answer must be read or cancelled. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** POSTs XML to `/` (or `path`) and returns status and body. */
  post(xml: string | Uint8Array, path?: string, headers?: Record<string, string>): Promise<Answer>;
  /** PUTs bytes to a path. */
  put(path: string, body: string | Uint8Array, headers?: Record<string, string>): Promise<Answer>;
  /** GETs a path and returns status and body. */
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  /** The exit code that an administrator asks for. */
  readonly exitRequested: Promise<number>;
  close(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: Headers;
}

export async function startBroker(settings: Partial<Config> = {}, parts: ServerParts = {}): Promise<TestBroker> {
  // Without topics of its own: most tests count topics, or subscribe all of them. Without a disk: most tests need none.
  const defaults = { port: 0, socketPort: 'off', noLoginTopics: true, memory: true } as const;
  const server = await startServer({ ...defaults, ...settings }, { logger: createLogger('silent'), ...parts });
  onTestFinished(() => server.close());
  const { port } = server.addresses.http;
  const url = `http://127.0.0.1:${port}`;
  const read = async (response: Response): Promise<Answer> => ({
    status: response.status,
    body: await response.text(),
    headers: response.headers,
  });
  return {
    port,
    socketPort: server.addresses.socket?.port,
    xmlrpcPort: server.addresses.xmlrpc?.port,
    telnetPort: server.addresses.telnet?.port,
    url,
    fetch: (path, init) => fetch(url + path, init),
    post: async (body, path = '/', headers = {}) => read(await fetch(url + path, { method: 'POST', body, headers })),
    put: async (path, body, headers = {}) => read(await fetch(url + path, { method: 'PUT', body, headers })),
    get: async (path, headers = {}) => read(await fetch(url + path, { headers })),
    exitRequested: server.exitRequested,
    close: () => server.close(),
  };
}
