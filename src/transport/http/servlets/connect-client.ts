import type { IncomingMessage } from 'node:http';
import type { FastifyReply } from 'fastify';
import { type ConnectQos, DEFAULT_DISCONNECT_QOS } from '../../../model/connect.ts';
import { BrokerError } from '../../../model/error.ts';
import { takeOver } from '../answer.ts';
import type { HttpContext } from '../http-context.ts';
import { type BrowserSession, setCookie } from './browser-sessions.ts';
import { PushChannel, type PushFormat } from './push-channel.ts';
import type { PushClients } from './push-clients.ts';

/** Content bytes that wait for the client to read them, one update aside. */
const MAX_BYTES = 10 * 1024 * 1024;

/** A client that wants to connect. */
export interface Newcomer {
  /** Undefined: its browser is not known yet. */
  readonly browser: BrowserSession | undefined;
  readonly name: string;
  readonly qos: ConnectQos;
  readonly format: PushFormat;
}

/**
 * Connects, and answers with the stream of updates. Rejects with BrokerError as `Broker.connect` and
 * `BrowserSessions.hold`, and `communication.noConnection.serverDeny`.
 */
export async function connectClient(
  { broker, browsers, options, closing }: HttpContext,
  clients: PushClients,
  newcomer: Newcomer,
  { socket }: IncomingMessage,
  reply: FastifyReply,
): Promise<void> {
  const { name, format } = newcomer;
  const peer = { principal: undefined, address: socket.remoteAddress, canPoll: true };
  const { session, reply: connected } = await broker.connect(browsers.limit(newcomer.qos), peer);
  try {
    if (closing.isClosing || reply.raw.destroyed) throw new BrokerError('communication.noConnection.serverDeny', TOO_LATE);
    const browser = newcomer.browser ?? browsers.open();
    clients.add(browser, name, session, (onEnd) => {
      if (browser !== newcomer.browser) reply.raw.setHeader('Set-Cookie', setCookie(browser));
      return new PushChannel(takeOver(reply), session, format, {
        maxBytes: MAX_BYTES,
        writeTimeoutMs: options.limits.writeTimeoutMs,
        now: broker.now,
        timers: broker.timers,
        onRefused: (deliveries, reason) => broker.callbacks.refused(session, deliveries, reason),
        onEnd,
      });
    });
  } catch (error) {
    if (!connected.isReconnect) broker.disconnect(session, DEFAULT_DISCONNECT_QOS);
    throw error;
  }
}

const TOO_LATE = 'The broker is shutting down, or you are gone already; connect again in a moment';
