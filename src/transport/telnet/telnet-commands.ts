import type { Broker } from '../../broker/broker.ts';
import type { Session } from '../../broker/session.ts';
import { encodeMessage } from '../../codec/script-response-xml.ts';
import { BrokerError } from '../../model/error.ts';
import { DEFAULT_PUBLISH_QOS, type ReceivedMessage } from '../../model/message.ts';
import { createPlainKey } from '../../model/msg-key.ts';
import { DEFAULT_QUERY_QOS } from '../../model/query.ts';
import { isCommandOid } from '../../model/system-topics.ts';

/** A console that is open, as others see it. */
export interface Neighbour {
  /** `127.0.0.1:40312` */
  readonly place: string;
  close(): void;
}

/** What commands can do to the console that they are typed at. */
export interface ConsoleControls {
  readonly broker: Broker;
  /** Undefined until somebody has logged in. */
  readonly session: Session | undefined;
  readonly self: Neighbour;
  /** All that are open, by their numbers. */
  readonly neighbours: ReadonlyMap<number, Neighbour>;
  /** Resolves with the sentence for it. Rejects as `Authenticator.authenticate`. */
  logIn(user: string, password: string): Promise<string>;
  /** Whether what is typed comes back, from now on. */
  toggleEcho(): boolean;
  /** The next line answers a question. */
  ask(question: string): string;
}

interface CommandHelp {
  /** What may stand behind the name. */
  readonly form: string;
  readonly help: string;
}

/** Answers what stands behind the name. Rejects with BrokerError. */
type Run<Controls> = (argument: string, controls: Controls) => string | Promise<string>;

export interface OpenCommand extends CommandHelp {
  readonly run: Run<ConsoleControls>;
}

/** A command for those who have logged in. */
export interface SessionCommand extends CommandHelp {
  readonly runInSession: Run<LoggedIn>;
}

type LoggedIn = ConsoleControls & { readonly session: Session };

/** protocol/admin.md, "Telnet", shows the same table. */
export const TELNET_COMMANDS: Readonly<Record<string, OpenCommand | SessionCommand>> = {
  help: { form: '', help: 'this list', run: help },
  connect: { form: 'NAME PASSWORD', help: 'log in', run: connect },
  get: { form: 'PATH', help: 'read a value, or do something: get ?uptime', runInSession: get },
  set: { form: 'PATH=VALUE', help: 'change a value: set client/joe/?maxSessions=7', runInSession: set },
  time: { form: '', help: 'the time of the broker', run: (_, { broker }) => `${formatDate(broker.now())}\r\n` },
  mem: { form: '', help: 'bytes of the heap: all of them / those that are free', run: memory },
  gc: { form: '', help: 'the same as get ?gc', runInSession: (_, controls) => read('?gc', controls) },
  who: { form: '', help: 'the consoles that are open', run: who },
  close: { form: 'NUMBER', help: 'end one of them', run: close },
  echo: { form: '', help: 'whether what you type comes back: switch it', run: echo },
  exit: { form: '', help: 'end the broker, after a question', runInSession: (_, { ask }) => ask(EXIT_QUESTION) },
  quit: { form: '', help: 'leave', run: (_, { self }) => leave(self) },
};

const EXIT_QUESTION = '\r\nThis ends the broker for everybody.\r\nDo you want that? (yes/no): ';

/** Ends the broker. Rejects as `Broker.publish` for those who may not. */
export async function exitBroker({ broker, session }: Pick<LoggedIn, 'broker' | 'session'>): Promise<string> {
  await change('?exit=0', { broker, session });
  return 'OK\r\n';
}

/** What is wrong with a line. */
export function formatRefusal(sentence: string): string {
  return `ERROR-XmlBlaster telnet server: ${sentence}\r\nTry 'help'\r\n\r\n`;
}

/** What the broker refuses. */
export function formatError({ code, message }: BrokerError): string {
  return `\r\nerrorCode=${code} message=${message}\r\n\r\n`;
}

function help(): string {
  const lines = Object.entries(TELNET_COMMANDS).map(([name, { form, help }]) => `  ${`${name} ${form}`.padEnd(22)} ${help}`);
  return `\r\n${lines.join('\r\n')}\r\nPaths are those of protocol/admin.md, for example client/joe/?sessionList\r\n\r\n`;
}

function connect(argument: string, { logIn }: ConsoleControls): string | Promise<string> {
  const [user = '', password] = argument.split(/ +/);
  return password === undefined ? formatRefusal(`Say 'connect ${user || 'NAME'} PASSWORD'`) : logIn(user, password);
}

async function get(argument: string, controls: LoggedIn): Promise<string> {
  if (argument === '') return formatRefusal("Get what? For example 'get ?uptime'");
  const text = await read(argument, controls);
  return text === '' ? `NO ENTRY FOUND: get ${argument}\r\n` : `${text}\r\n`;
}

async function set(argument: string, controls: LoggedIn): Promise<string> {
  if (argument === '') return formatRefusal("Set what? For example 'set client/joe/?maxSessions=7'");
  return `${await change(argument, controls)}\r\n`;
}

/** The answers to a path, each with its line end. */
async function read(path: string, { broker, session }: LoggedIn): Promise<string> {
  const messages = await broker.get(session, { type: 'EXACT', oid: `__cmd:${path}` }, DEFAULT_QUERY_QOS);
  return messages.map((message) => `${textOf(message, broker.now())}\r\n`).join('');
}

async function change(path: string, { broker, session }: Pick<LoggedIn, 'broker' | 'session'>): Promise<string> {
  const unit = { key: createPlainKey(`__cmd:${path}`), qos: DEFAULT_PUBLISH_QOS, content: Buffer.alloc(0) };
  const outcome = await broker.publish(session, unit);
  return 'info' in outcome ? String(outcome.info) : '';
}

/** A value, or XML of what was found in a queue. */
function textOf(message: ReceivedMessage, nowMs: number): string {
  if (isCommandOid(message.key.oid)) return message.content.toString();
  return encodeMessage(message, { content: true, meta: true }, undefined, nowMs);
}

function memory(): string {
  const { heapTotal, heapUsed } = process.memoryUsage();
  return `${heapTotal}/${heapTotal - heapUsed}\r\n`;
}

function who(_: string, { neighbours, self }: ConsoleControls): string {
  const lines = [...neighbours].map(
    ([number, console]) => `${console === self ? 'this: ' : 'other:'} ${number}. ${console.place}\r\n`,
  );
  return `\r\n${lines.join('')}`;
}

function close(argument: string, { neighbours, self, session }: ConsoleControls): string {
  const console = /^[0-9]{1,9}$/.test(argument) ? neighbours.get(Number(argument)) : undefined;
  if (!console) return formatRefusal("There is no console of that number; 'who' lists them");
  if (console !== self && !session?.principal.isAdmin) {
    throw new BrokerError(
      'user.security.authorization.notAuthorized',
      'To end the console of somebody else takes the right admin; connect as somebody who has it',
    );
  }
  console.close();
  return `closing ${console.place} ... OK\r\n`;
}

function echo(_: string, { toggleEcho }: ConsoleControls): string {
  return `Echo is ${toggleEcho() ? 'on' : 'off'}\r\n`;
}

function leave(self: Neighbour): string {
  self.close();
  return '';
}

/** `Wed Nov 25 04:07:11 UTC 2026` */
function formatDate(ms: number): string {
  const [day, date, month, year, time] = new Date(ms).toUTCString().replace(',', '').split(' ');
  return `${day} ${month} ${date} ${time} UTC ${year}`;
}
