import { Agent, type IncomingMessage, request } from 'node:http';
import { decodeXmlText } from '../../codec/charset.ts';
import { decodeMethodResponse, encodeMethodCall, type MethodResponse, type RpcValue } from '../../codec/xmlrpc.ts';
import type { CallbackAddress } from './callback-address.ts';

/** Connections to one callback server, and to all together; calls beyond that wait for one. */
const MAX_SOCKETS_PER_SERVER = 100;
const MAX_SOCKETS = 2_000;
const MAX_IDLE_SOCKETS = 256;
const MAX_ANSWER_BYTES = 1_048_576;

/** A callback server answered what XML-RPC does not know, or not in time, or not at all. */
class CallbackError extends Error {}

/** Calls methods of clients' callback servers, over connections that are kept. */
export class CallbackClient {
  readonly #agent = new Agent({
    keepAlive: true,
    maxSockets: MAX_SOCKETS_PER_SERVER,
    maxTotalSockets: MAX_SOCKETS,
    maxFreeSockets: MAX_IDLE_SOCKETS,
    timeout: 60_000,
  });
  readonly #timeoutMs: number;

  /** `timeoutMs`: how long a call may take in all. */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Calls `method`; undefined when the server answers nothing, as some do to a method that they do not have. Redirects are not
   * followed.
   *
   * Rejects with CallbackError, also when `signal` says that nobody wants to know any more.
   */
  async call(
    address: CallbackAddress,
    method: string,
    params: readonly RpcValue[],
    signal: AbortSignal,
  ): Promise<MethodResponse | undefined> {
    const body = Buffer.from(encodeMethodCall(method, params));
    const text = decodeXmlText(await this.#post(address, body, signal), undefined);
    if (text.trim() === '') return undefined;
    try {
      return decodeMethodResponse(text);
    } catch (error) {
      throw new CallbackError(`The answer is no XML-RPC: ${(error as Error).message}`, { cause: error });
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  /** A server may close a kept connection at the moment it is used again: then the call goes out once more, on a new one. */
  async #post(address: CallbackAddress, body: Buffer, signal: AbortSignal): Promise<Buffer> {
    const controller = new AbortController();
    const abort = (): void => controller.abort();
    const timer = setTimeout(abort, this.#timeoutMs);
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    try {
      return await this.#postOnce(address, body, controller.signal).catch((error: unknown) => {
        if (!(error instanceof StaleConnection)) throw error;
        return this.#postOnce(address, body, controller.signal);
      });
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    }
  }

  #postOnce({ url, ip }: CallbackAddress, body: Buffer, signal: AbortSignal): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const outgoing = request({
        agent: this.#agent,
        method: 'POST',
        host: ip,
        port: url.port === '' ? 80 : url.port,
        path: url.pathname + url.search,
        headers: {
          Host: url.host,
          'User-Agent': 'xmlblaster-broker',
          'Content-Type': 'text/xml',
          'Content-Length': body.length,
        },
        signal,
      });
      let hasAnswer = false;
      outgoing.on('response', (response) => {
        hasAnswer = true;
        readAnswer(response).then(resolve, reject);
      });
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        const isStale = outgoing.reusedSocket && !hasAnswer && /^(ECONNRESET|EPIPE)$/.test(error.code ?? '') && !signal.aborted;
        reject(isStale ? new StaleConnection() : new CallbackError(error.message, { cause: error }));
      });
      outgoing.end(body);
    });
  }
}

class StaleConnection extends Error {}

async function readAnswer(response: IncomingMessage): Promise<Buffer> {
  if (response.statusCode !== 200) {
    response.destroy();
    throw new CallbackError(`The callback server answers with status ${response.statusCode}`);
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MAX_ANSWER_BYTES) throw new CallbackError(`The answer is larger than ${MAX_ANSWER_BYTES} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof CallbackError ? error : new CallbackError((error as Error).message, { cause: error });
  }
  return Buffer.concat(chunks);
}
