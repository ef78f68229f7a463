import type { IncomingMessage } from 'node:http';
import { escapeAttribute } from '../../../base/xml-text.ts';
import { decodeConnectQos } from '../../../codec/connect-qos-xml.ts';
import { readXml } from '../../../codec/xml.ts';
import { type ConnectQos, DEFAULT_CONNECT_QOS } from '../../../model/connect.ts';
import { BrokerError } from '../../../model/error.ts';
import { handleCommand } from '../../command-handler.ts';
import type { HttpContext } from '../http-context.ts';
import { onGone } from '../on-gone.ts';
import type { BrowserSession } from './browser-sessions.ts';
import type { Form } from './form.ts';
import { PushClients } from './push-clients.ts';

/** The name of a page among the clients of its browser: there is but one. */
export const PAGE = 'page';

/** One request of a page. */
export interface PageRequest {
  readonly raw: IncomingMessage;
  readonly browser: BrowserSession | undefined;
  /** Empty when it is missing. */
  readonly action: string;
  readonly form: Form;
}

const VERBS = ['publish', 'subscribe', 'unSubscribe', 'erase', 'ping'];

/** What pages call once they are connected (protocol/http-legacy.md, "Pages with a frame"). */
export class PageProxy {
  readonly clients: PushClients;
  readonly #context: HttpContext;

  constructor(context: HttpContext) {
    this.clients = new PushClients(context.broker, context.browsers);
    this.#context = context;
  }

  /** Does what is asked for; the answer is the same for all. Rejects with BrokerError. */
  async run(request: PageRequest): Promise<void> {
    const { action, browser } = request;
    if (action === 'logout') this.clients.logOut(this.clients.require(browser, PAGE));
    else if (action === 'pong') this.clients.require(browser, PAGE).pong();
    else if (action === 'browserReady') {
      const client = this.clients.require(browser, PAGE);
      client.pong();
      client.channel?.ready();
    } else if (VERBS.includes(action)) await this.#runCommand(request);
    else throw new BrokerError('user.illegalArgument', `ActionType=${action.slice(0, 40)} is unknown; ${KNOWN_ACTIONS}`);
  }

  /** Tells the page of an error; false when it has no stream. */
  complain(browser: BrowserSession | undefined, error: BrokerError): boolean {
    const channel = this.clients.find(browser, PAGE)?.channel;
    channel?.complain(error);
    return channel !== undefined;
  }

  async #runCommand({ action, raw, browser, form }: PageRequest): Promise<void> {
    const { broker, decoder } = this.#context;
    const { session } = this.clients.require(browser, PAGE);
    const unit = { key: readKey(action, form), qos: form.text('qos') ?? '', content: Buffer.from(form.text('content') ?? '') };
    const command = decoder.decode({ method: action, units: [unit] });
    const peer = { principal: session.principal, address: raw.socket.remoteAddress, canPoll: true };
    await handleCommand(broker, { session, peer, connected: () => {} }, command, (listener) => onGone(raw.socket, listener));
  }
}

const KNOWN_ACTIONS = `known are login, connect, browserReady, pong, logout, ${VERBS.join(', ')}`;

/** @throws BrokerError `user.illegalArgument`. */
function readKey(action: string, form: Form): string {
  const oid = form.text('key.oid');
  if (oid !== undefined) return `<key oid='${escapeAttribute(oid)}'/>`;
  const key = form.text('key');
  if (key !== undefined || action === 'ping') return key ?? '';
  throw new BrokerError('user.illegalArgument', `${action} needs the parameter key=<key …/>, or key.oid=…`);
}

/** What a page asks for when it logs in, with name and password or with a QoS. @throws BrokerError `user.illegalArgument`. */
export function readConnectQos({ action, form }: PageRequest): ConnectQos {
  const required = (name: string): string => {
    const text = form.text(name);
    if (text) return text;
    throw new BrokerError('user.illegalArgument', `${action} needs the parameter ${name}`);
  };
  if (action === 'connect') return decodeConnectQos(readXml(required('xmlBlaster.connectQos')).root);
  return { ...DEFAULT_CONNECT_QOS, user: required('xmlBlaster.loginName'), password: required('xmlBlaster.passwd') };
}
