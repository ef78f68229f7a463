import type { Broker } from '../../../broker/broker.ts';
import type { Peer } from '../../../broker/login.ts';
import type { Session } from '../../../broker/session.ts';
import { BrokerError } from '../../../model/error.ts';
import type { CommandCaller } from '../../command-handler.ts';
import { BrowserChannel } from './browser-channel.ts';
import type { BrowserSession, BrowserSessions } from './browser-sessions.ts';

/** What `/ajax` keeps for a browser. */
interface Connected {
  readonly session: Session;
  readonly channel: BrowserChannel;
}

/** The browsers that `/ajax` knows: each has one session, the last one that it connected to. */
export class AjaxBrowsers {
  readonly #broker: Broker;
  readonly #browsers: BrowserSessions;
  readonly #connected = new WeakMap<BrowserSession, Connected>();

  constructor(broker: Broker, browsers: BrowserSessions) {
    this.#broker = broker;
    this.#browsers = browsers;
  }

  find(browser: BrowserSession | undefined): Connected | undefined {
    const known = browser && this.#connected.get(browser);
    return known && browser.sessions.has(known.session) ? known : undefined;
  }

  /** As in the original, the last browser that connects to a session gets its updates. @throws BrokerError as `BrowserSessions.hold`. */
  connect(browser: BrowserSession, session: Session): Connected {
    const before = this.#connected.get(browser);
    this.#browsers.hold(browser, session);
    const channel = new BrowserChannel(session, this.#broker.timers);
    const connected = { session, channel };
    this.#connected.set(browser, connected);
    session.dispatcher.attach(channel);
    if (before && before.session !== session) this.#browsers.release(browser, before.session);
    return connected;
  }

  /** As after an error of the original: the page has to connect again. */
  disconnect(browser: BrowserSession | undefined): void {
    const known = browser && this.#connected.get(browser);
    if (!known) return;
    this.#connected.delete(browser);
    known.session.dispatcher.detach(known.channel, 'disconnected');
    this.#browsers.release(browser, known.session);
  }
}

/** Whose script it is: the session of its browser, once that has connected. */
export class AjaxCaller implements CommandCaller {
  readonly peer: Peer;
  readonly #browsers: AjaxBrowsers;
  readonly #browser: BrowserSession;

  constructor(browsers: AjaxBrowsers, browser: BrowserSession, address: string | undefined) {
    this.peer = { principal: undefined, address, canPoll: true };
    this.#browsers = browsers;
    this.#browser = browser;
  }

  /** @throws BrokerError `user.notConnected`. */
  get session(): Session {
    return requireConnected(this.#browsers.find(this.#browser)).session;
  }

  connected(session: Session): void {
    this.#browsers.connect(this.#browser, session);
  }
}

/** @throws BrokerError `user.notConnected`. */
export function requireConnected(connected: Connected | undefined): Connected {
  if (connected) return connected;
  throw new BrokerError(
    'user.notConnected',
    'This browser is not connected, or not any more; send a script with a connect first',
  );
}
