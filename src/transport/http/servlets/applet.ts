import type { IncomingMessage } from 'node:http';
import { PING_TABLE } from '../../../codec/applet-table.ts';
import { MAX_JAVA_UTF_BYTES } from '../../../codec/java-utf.ts';
import { encodeException } from '../../../codec/script-response-xml.ts';
import { decodeScript } from '../../../codec/script-xml.ts';
import type { RawUnit } from '../../../codec/socket-frame.ts';
import { BrokerError } from '../../../model/error.ts';
import type { HttpContext } from '../http-context.ts';
import { onGone } from '../on-gone.ts';
import { encodeOutcome, runCommands, type ScriptOutcome, settlementOf } from '../script-run.ts';
import { type AppletAnswer, runAppletCommand } from './applet-commands.ts';
import type { BrowserSession } from './browser-sessions.ts';
import { PushClients } from './push-clients.ts';

/** One request of an applet. */
export interface AppletRequest {
  readonly raw: IncomingMessage;
  readonly browser: BrowserSession | undefined;
  /** The number of the applet among those of its browser. */
  readonly instance: string;
  readonly unit: RawUnit;
}

/** What applets call once they are connected (protocol/http-legacy.md, "Applets"). */
export class Applet {
  readonly clients: PushClients;
  readonly #context: HttpContext;

  constructor(context: HttpContext) {
    this.clients = new PushClients(context.broker, context.browsers);
    this.#context = context;
  }

  /** Rejects with BrokerError. */
  async answer(action: string, request: AppletRequest): Promise<AppletAnswer> {
    const { browser, instance } = request;
    switch (action) {
      case 'pong':
        this.clients.require(browser, instance).pong();
        return text(`OK-${this.#context.broker.now()}`);
      case 'disconnect':
        this.clients.logOut(this.clients.require(browser, instance));
        return text('<qos/>');
      case 'ping':
        this.clients.require(browser, instance);
        return { object: { type: 'table', table: PING_TABLE } };
      case 'xmlScript':
        return this.#runScript(request);
      default:
        return this.#runCommand(action, request);
    }
  }

  #runCommand(action: string, { raw, browser, instance, unit }: AppletRequest): Promise<AppletAnswer> {
    const { broker, decoder } = this.#context;
    const { session } = this.clients.require(browser, instance);
    const command = decoder.decode({ method: action, units: [unit] });
    return runAppletCommand(broker, session, command, (listener) => onGone(raw.socket, listener));
  }

  /** The script stands where other commands have their key. */
  async #runScript({ raw, browser, instance, unit }: AppletRequest): Promise<AppletAnswer> {
    const { broker, options, scripts } = this.#context;
    const { session } = this.clients.require(browser, instance);
    const script = decodeScript(unit.key, undefined, () => broker.newOid(), options.limits, scripts);
    if (script.commands.some(({ verb }) => verb === 'connect')) throw new BrokerError('user.illegalArgument', NO_CONNECT);
    const peer = { principal: session.principal, address: raw.socket.remoteAddress, canPoll: true };
    const caller = { session, peer, connected: () => {} };
    const outcome = await runCommands(broker, script, caller, (listener) => onGone(raw.socket, listener));
    return { ...text(encodeAnswer(outcome, broker.now())), settle: settlementOf(outcome) };
  }
}

const NO_CONNECT = 'An applet connects with ActionType connect; leave the connect out of the script';

function text(value: string): AppletAnswer {
  return { object: { type: 'text', text: value } };
}

/** What is more than one text can carry is not even written: sending it fails. */
function encodeAnswer(outcome: ScriptOutcome, nowMs: number): string {
  let xml = '<xmlBlasterResponse>\n';
  for (const piece of encodeOutcome(outcome, nowMs)) if (xml.length <= MAX_JAVA_UTF_BYTES) xml += piece;
  if (outcome.error) xml += `${encodeException(outcome.error)}\n`;
  return `${xml}</xmlBlasterResponse>\n`;
}
