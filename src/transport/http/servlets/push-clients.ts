import type { Broker } from '../../../broker/broker.ts';
import type { ChannelEnd } from '../../../broker/ports.ts';
import type { Session } from '../../../broker/session.ts';
import { BrokerError } from '../../../model/error.ts';
import type { BrowserSession, BrowserSessions } from './browser-sessions.ts';
import type { PushChannel } from './push-channel.ts';
import { PushClient } from './push-client.ts';

/** The clients of a servlet that pushes: each has a session and a stream, and is logged out when it leaves pings unanswered. */
export class PushClients {
  readonly #broker: Broker;
  readonly #browsers: BrowserSessions;
  /** By name; no more of one browser than it has sessions. */
  readonly #clients = new WeakMap<BrowserSession, Map<string, PushClient>>();
  /** Who has a session now. */
  readonly #bySession = new WeakMap<Session, PushClient>();

  constructor(broker: Broker, browsers: BrowserSessions) {
    this.#broker = broker;
    this.#browsers = browsers;
  }

  find(browser: BrowserSession | undefined, name: string): PushClient | undefined {
    const client = browser && this.#clients.get(browser)?.get(name);
    return client?.session.isClosed ? undefined : client;
  }

  /** @throws BrokerError `user.notConnected`. */
  require(browser: BrowserSession | undefined, name: string): PushClient {
    const client = this.find(browser, name);
    if (client) return client;
    throw new BrokerError('user.notConnected', NOT_CONNECTED);
  }

  /**
   * `browser` has a client of this name, in place of the one before. `open` opens its stream, and is given what is to be called when
   * that is over.
   *
   * @throws BrokerError as `BrowserSessions.hold`.
   */
  add(browser: BrowserSession, name: string, session: Session, open: (onEnd: (end: ChannelEnd) => void) => PushChannel): void {
    this.#browsers.hold(browser, session);
    const client = new PushClient(browser, name, session, this.#broker.timers);
    const replaced = new Set([this.find(browser, name), this.#bySession.get(session)]);
    this.#remember(client);
    for (const other of replaced) if (other) this.#leave(other, 'displaced');
    const channel = open((end) => this.#streamEnded(client, end));
    client.channel = channel;
    for (const state of ['refresh', 'loginSucceeded']) channel.ping(state);
    session.dispatcher.attach(channel);
    client.startPing(() => this.logOut(client));
  }

  /** The session ends, unless another browser has it, too. */
  logOut(client: PushClient): void {
    this.#leave(client, 'disconnected');
  }

  /** Those whose session is over are forgotten on the way. */
  #remember(client: PushClient): void {
    const known = [...(this.#clients.get(client.browser) ?? [])].filter(([, { session }]) => !session.isClosed);
    this.#clients.set(client.browser, new Map(known).set(client.name, client));
    this.#bySession.set(client.session, client);
  }

  /** A client whose stream breaks off may come back in time for the next pings; one that is displaced has somebody else to care. */
  #streamEnded(client: PushClient, end: ChannelEnd): void {
    const { channel, session } = client;
    client.channel = undefined;
    session.dispatcher.detach(channel, end);
    if (session.isClosed || end !== 'disconnected') client.stopPing();
  }

  #leave(client: PushClient, end: ChannelEnd): void {
    const { browser, name, session } = client;
    client.stopPing();
    const clients = this.#clients.get(browser);
    if (clients?.get(name) === client) clients.delete(name);
    session.dispatcher.detach(client.channel, end);
    const owner = this.#bySession.get(session);
    if (owner === client) this.#bySession.delete(session);
    if (owner === client || owner?.browser !== browser) this.#browsers.release(browser, session);
  }
}

const NOT_CONNECTED =
  'This browser is not connected, or not any more; connect first, and send the cookie JSESSIONID that came then';
