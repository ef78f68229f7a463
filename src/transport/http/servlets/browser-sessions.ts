import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Lru } from '../../../base/lru.ts';
import type { Broker } from '../../../broker/broker.ts';
import type { Session } from '../../../broker/session.ts';
import { type ConnectQos, DEFAULT_DISCONNECT_QOS } from '../../../model/connect.ts';
import { BrokerError } from '../../../model/error.ts';

/**
 * One browser, known by its cookie (protocol/http-legacy.md, "Browser sessions"). What a servlet keeps for it beside the sessions
 * hangs on it in a WeakMap.
 */
export interface BrowserSession {
  /** What the cookie holds; nobody can guess it. */
  readonly id: string;
  /** The sessions at the broker that its pages have opened; only `BrowserSessions` changes it. */
  readonly sessions: Set<Session>;
}

export interface BrowserSessionsOptions {
  /** Browsers that hold sessions. */
  readonly maxBrowsers: number;
  /** Ms of silence after which a session that a browser holds ends. */
  readonly timeoutMs: number;
}

/** Browsers that hold no session yet; those that came first are forgotten. */
const MAX_EMPTY = 1_000;

/** Browsers that hold the same session; the one that came first is let go. */
const MAX_HOLDERS = 10;

/** The original's name of the cookie. */
const COOKIE_NAME = 'JSESSIONID';

const COOKIE = /(?:^|;)\s*JSESSIONID=([^;\s]+)/g;

/** The browsers that use servlets. Their sessions end as all sessions do, and a browser is forgotten with its last one. */
export class BrowserSessions {
  readonly #broker: Broker;
  readonly #options: BrowserSessionsOptions;
  readonly #empty = new Lru<string, BrowserSession>(MAX_EMPTY, MAX_EMPTY);
  readonly #holding = new Map<string, BrowserSession>();
  readonly #holders = new Map<Session, Set<BrowserSession>>();

  constructor(broker: Broker, options: BrowserSessionsOptions) {
    this.#broker = broker;
    this.#options = options;
    broker.events.subscribe((event) => {
      if (event.type === 'disconnect') this.#forgetSession(event.session);
    });
  }

  /** Browsers that are known, those that hold no session included. */
  get size(): number {
    return this.#holding.size + this.#empty.size;
  }

  /** The browser that sent `request`, which is a sign of life of its sessions. Programs on other ports may have set cookies, too. */
  find(request: IncomingMessage): BrowserSession | undefined {
    for (const [, id = ''] of request.headers.cookie?.matchAll(COOKIE) ?? []) {
      const browser = this.#holding.get(id) ?? this.#empty.get(id);
      if (!browser) continue;
      for (const session of browser.sessions) this.#broker.sessions.touch(session);
      return browser;
    }
    return undefined;
  }

  /** A browser that holds nothing yet; `setCookie` makes it known to itself. @throws BrokerError as `hold`. */
  open(): BrowserSession {
    this.#requireRoom();
    const browser: BrowserSession = { id: randomBytes(24).toString('base64url'), sessions: new Set() };
    this.#empty.set(browser.id, browser, 1);
    return browser;
  }

  /** What a connect of a browser asks for: no silence longer than a browser may keep. */
  limit(qos: ConnectQos): ConnectQos {
    const { timeoutMs } = this.#options;
    return { ...qos, timeoutMs: Math.min(qos.timeoutMs || timeoutMs, timeoutMs) };
  }

  /**
   * `session` is one of `browser` from now on; others may hold it, too.
   *
   * @throws BrokerError `user.configuration.maxSession`; `user.notConnected` for a session that has ended. Nothing has changed then.
   */
  hold(browser: BrowserSession, session: Session): void {
    if (session.isClosed) throw new BrokerError('user.notConnected', 'The session has ended meanwhile; connect again');
    if (!this.#holding.has(browser.id)) this.#requireRoom();
    this.#empty.delete(browser.id);
    this.#holding.set(browser.id, browser);
    browser.sessions.add(session);
    const holders = this.#holders.get(session) ?? new Set();
    this.#holders.set(session, holders.add(browser));
    const [first] = holders;
    if (first && holders.size > MAX_HOLDERS) this.release(first, session);
  }

  /** `browser` holds `session` no more; a session that no other browser holds ends with it. */
  release(browser: BrowserSession, session: Session): void {
    const holders = this.#holders.get(session);
    if (!holders?.delete(browser)) return;
    this.#letGo(browser, session);
    if (holders.size > 0) return;
    this.#holders.delete(session);
    if (!session.isClosed) this.#broker.disconnect(session, DEFAULT_DISCONNECT_QOS);
  }

  /** Forgets `browser`, and releases what it holds. */
  end(browser: BrowserSession): void {
    this.#empty.delete(browser.id);
    for (const session of [...browser.sessions]) this.release(browser, session);
  }

  #forgetSession(session: Session): void {
    const holders = this.#holders.get(session) ?? [];
    this.#holders.delete(session);
    for (const browser of holders) this.#letGo(browser, session);
  }

  #letGo(browser: BrowserSession, session: Session): void {
    browser.sessions.delete(session);
    if (browser.sessions.size === 0) this.#holding.delete(browser.id);
  }

  #requireRoom(): void {
    const { maxBrowsers } = this.#options;
    if (this.#holding.size < maxBrowsers) return;
    throw new BrokerError('user.configuration.maxSession', `${maxBrowsers} browsers are connected; try again later`);
  }
}

/** The value of the header Set-Cookie that makes `browser` known to itself; pages can not read it. */
export function setCookie({ id }: BrowserSession): string {
  return `${COOKIE_NAME}=${id}; Path=/; HttpOnly; SameSite=Strict`;
}
