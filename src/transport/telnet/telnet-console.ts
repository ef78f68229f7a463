import { shorten } from '../../base/shorten.ts';
import type { Broker } from '../../broker/broker.ts';
import type { Session } from '../../broker/session.ts';
import { BrokerError } from '../../model/error.ts';
import { parseSessionName } from '../../model/session-name.ts';
import {
  type ConsoleControls,
  exitBroker,
  formatError,
  formatRefusal,
  type Neighbour,
  TELNET_COMMANDS,
} from './telnet-commands.ts';

/** Where a console is. */
export interface ConsolePlace {
  /** The address that the client came to, and its own. */
  readonly localAddress: string;
  readonly remoteAddress: string | undefined;
}

export interface ConsoleContext {
  readonly broker: Broker;
  /** Ms without a command after which a console ends; 0: never. */
  readonly idleTimeoutMs: number;
  readonly neighbours: ReadonlyMap<number, Neighbour>;
}

/** What somebody types line by line, and what is answered (protocol/admin.md, "Telnet"). */
export class TelnetConsole {
  readonly #context: ConsoleContext;
  readonly #place: ConsolePlace;
  readonly #self: Neighbour;
  #session: Session | undefined;
  #hasEcho = true;
  /** Whether the next line answers the question of `exit`. */
  #isAsking = false;
  #isClosed = false;

  constructor(context: ConsoleContext, place: ConsolePlace, self: Neighbour) {
    this.#context = context;
    this.#place = place;
    this.#self = self;
  }

  /** What stands before the next line; nothing when it answers a question. */
  get prompt(): string {
    return this.#isAsking ? '' : `${this.#place.localAddress} << `;
  }

  get hasEcho(): boolean {
    return this.#hasEcho;
  }

  get isLoggedIn(): boolean {
    return this.#session !== undefined;
  }

  /** The answer to one line. */
  answer(line: string): Promise<string> {
    const wasAsked = this.#isAsking;
    this.#isAsking = false;
    return this.#run(line.trim(), wasAsked).catch((error: unknown) => {
      if (error instanceof BrokerError) return formatError(error);
      throw error;
    });
  }

  /** Nobody is there any more. */
  close(): void {
    this.#isClosed = true;
    this.#endSession();
  }

  async #run(line: string, wasAsked: boolean): Promise<string> {
    const [, name = '', argument = ''] = /^(\S*)\s*(.*)$/s.exec(line) ?? [];
    const word = name.toLowerCase();
    const session = this.#session;
    if (wasAsked && session && line.toLowerCase() === 'yes') return exitBroker({ broker: this.#context.broker, session });
    if (wasAsked && line.toLowerCase() === 'no') return '\r\n';
    if (line === '') return formatRefusal('The line is empty');
    const command = Object.hasOwn(TELNET_COMMANDS, word) ? TELNET_COMMANDS[word] : undefined;
    if (command && 'run' in command) return command.run(argument, this.#controls());
    if (!session) return formatRefusal("Please login first with 'connect <loginName> <password>'");
    if (!command) return formatRefusal(`There is no command '${shorten(name)}'`);
    return command.runInSession(argument, { ...this.#controls(), session });
  }

  #controls(): ConsoleControls {
    const { broker, neighbours } = this.#context;
    return {
      broker,
      neighbours,
      session: this.#session,
      self: this.#self,
      logIn: (user, password) => this.#logIn(user, password),
      toggleEcho: () => {
        this.#hasEcho = !this.#hasEcho;
        return this.#hasEcho;
      },
      ask: (question) => {
        this.#isAsking = true;
        return question;
      },
    };
  }

  /** As with Basic of HTTP, in a session that only this console knows. */
  async #logIn(name: string, password: string): Promise<string> {
    const { broker, idleTimeoutMs } = this.#context;
    const { subject: user, pubSessionId } = parseSessionName(name);
    if (pubSessionId !== undefined) return formatRefusal(`'${shorten(name)}' is a session; connect as the user '${user}'`);
    const principal = await broker.authenticator.authenticate({ user, password, address: this.#place.remoteAddress });
    if (this.#isClosed) return '';
    this.#endSession();
    this.#session = broker.sessions.openTransient(principal);
    return `Successful login for user ${user}, session timeout is ${formatDuration(idleTimeoutMs)}\r\n`;
  }

  #endSession(): void {
    if (this.#session) this.#context.broker.sessions.end(this.#session);
    this.#session = undefined;
  }
}

/** As the original writes it: ` [ 1 h 30 min 0 millis ]`. */
function formatDuration(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  const parts = [
    [Math.floor(seconds / 3_600), 'h'],
    [Math.floor((seconds % 3_600) / 60), 'min'],
    [seconds % 60, 'sec'],
  ] as const;
  const shown = parts.filter(([count]) => count > 0).map(([count, unit]) => `${count} ${unit} `);
  return ` [ ${shown.join('')}${ms % 1_000} millis ]`;
}
