import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { OnGone } from '../../../broker/queue-queries.ts';
import { decodeXmlText } from '../../../codec/charset.ts';
import { decodeBase64 } from '../../../codec/content-xml.ts';
import { checkOid } from '../../../codec/key-xml.ts';
import { decodeScript, type Script, type ScriptLimits } from '../../../codec/script-xml.ts';
import { BrokerError } from '../../../model/error.ts';
import type { MsgKey, ReceivedMessage } from '../../../model/message.ts';
import { DEFAULT_QUERY_QOS } from '../../../model/query.ts';
import { wholeOrStream } from '../answer.ts';
import { safeMediaType } from '../header-value.ts';
import type { HttpContext } from '../http-context.ts';
import { onGone } from '../on-gone.ts';
import { encodeOutcome, runCommands, type ScriptOutcome, settlementOf } from '../script-run.ts';
import { AjaxBrowsers, AjaxCaller, requireConnected } from './ajax-browsers.ts';
import { requestReply } from './ajax-request.ts';
import { encodeBatch } from './ajax-update.ts';
import type { BrowserSession } from './browser-sessions.ts';
import { exchange, type Form } from './form.ts';

export interface AjaxAnswer {
  /** For Content-Type. */
  readonly type: string;
  readonly body: string | Buffer | Readable;
  /** For Content-Security-Policy, where it is not the one that all answers have. */
  readonly policy?: string;
  /** A browser that is known since this request. */
  readonly opened?: BrowserSession;
  /** To be told whether the answer has left. */
  readonly settle?: ((hasLeft: boolean) => void) | undefined;
}

/** As the original writes it. */
export const TEXT_XML = 'text/xml;charset=utf-8';

/** What pages compare answers with: there is nothing. */
const VOID: AjaxAnswer = { type: TEXT_XML, body: '<void/>' };

const DEFAULT_POLL_MS = 15_000;
const MAX_POLL_MS = 120_000;
const MAX_UPDATES = 10_000;

/** What the pauses in a script may last in all; ms. */
const MAX_WAIT_MS = 120_000;

/** A document that its page can reach into, but that runs no script and loads nothing. */
const DOCUMENT_POLICY = "sandbox allow-same-origin; default-src 'none'; style-src 'unsafe-inline'";

/** What the pages of xmlBlaster's AjaxServlet ask for (protocol/http-legacy.md, "ajax"). */
export class Ajax {
  readonly #context: HttpContext;
  readonly #limits: ScriptLimits;
  readonly #browsers: AjaxBrowsers;

  constructor(context: HttpContext) {
    this.#context = context;
    this.#limits = { ...context.options.limits, maxWaitMs: MAX_WAIT_MS };
    this.#browsers = new AjaxBrowsers(context.broker, context.browsers);
  }

  /** Rejects with BrokerError. */
  async answer(request: IncomingMessage, browser: BrowserSession | undefined, form: Form): Promise<AjaxAnswer> {
    const whenGone: OnGone = (listener) => onGone(request.socket, listener);
    const action = form.text('ActionType');
    switch (action) {
      case 'xmlScript':
        return this.#runScript(request, browser, form, whenGone);
      case 'updatePoll':
        return this.#poll(browser, form, 0, whenGone);
      case 'updatePollBlocking':
        return this.#poll(browser, form, DEFAULT_POLL_MS, whenGone);
      case 'plainGet':
        return this.#plainGet(browser, form);
      case 'request':
        return this.#request(browser, form, whenGone);
      default:
        throw new BrokerError(
          'user.illegalArgument',
          action === undefined ? NO_ACTION : `ActionType=${action.slice(0, 40)} is unknown`,
        );
    }
  }

  /** The browser has to connect again. */
  disconnect(browser: BrowserSession | undefined): void {
    this.#browsers.disconnect(browser);
  }

  async #runScript(
    { socket }: IncomingMessage,
    known: BrowserSession | undefined,
    form: Form,
    whenGone: OnGone,
  ): Promise<AjaxAnswer> {
    const { broker, browsers, scripts } = this.#context;
    const script = decodeScript(readScript(form), undefined, () => broker.newOid(), this.#limits, scripts);
    if (!this.#browsers.find(known)) requireConnect(script);
    const browser = known ?? browsers.open();
    try {
      const caller = new AjaxCaller(this.#browsers, browser, socket.remoteAddress);
      const outcome = await runCommands(broker, this.#limited(script), caller, whenGone);
      if (outcome.error) {
        settlementOf(outcome)?.(false);
        throw outcome.error;
      }
      const body = wholeOrStream(answerPieces(outcome, broker.now()));
      const isOpened = known === undefined && browser.sessions.size > 0;
      return { type: TEXT_XML, body, settle: settlementOf(outcome), ...(isOpened && { opened: browser }) };
    } catch (error) {
      if (known === undefined) browsers.end(browser);
      throw error;
    }
  }

  /** No silence longer than a browser may keep. */
  #limited(script: Script): Script {
    const { browsers } = this.#context;
    const commands = script.commands.map(({ verb, decode }) => ({
      verb,
      decode() {
        const command = decode();
        return command.verb === 'connect' ? { ...command, qos: browsers.limit(command.qos) } : command;
      },
    }));
    return { ...script, commands };
  }

  async #poll(browser: BrowserSession | undefined, form: Form, defaultMs: number, whenGone: OnGone): Promise<AjaxAnswer> {
    const { broker } = this.#context;
    const { channel } = requireConnected(this.#browsers.find(browser));
    const timeoutMs = form.integer('timeout', defaultMs, -1, MAX_POLL_MS);
    const entries = form.integer('numEntries', -1, -1, MAX_UPDATES);
    const batch = await channel.poll({
      minEntries: Math.max(1, entries),
      maxEntries: entries < 1 ? MAX_UPDATES : entries,
      timeoutMs: timeoutMs < 0 ? MAX_POLL_MS : timeoutMs,
      onGone: whenGone,
    });
    if (!batch) return VOID;
    const body = encodeBatch(batch, form.flag('onlyContent'), broker.now());
    const { length } = body;
    const settle = (hasLeft: boolean): void => {
      broker.outgoing.release(length);
      batch.settle(hasLeft);
    };
    broker.outgoing.charge(length);
    try {
      broker.outgoing.require(0);
    } catch (error) {
      settle(false);
      throw error;
    }
    return { type: TEXT_XML, body, settle };
  }

  async #plainGet(browser: BrowserSession | undefined, form: Form): Promise<AjaxAnswer> {
    const { session } = requireConnected(this.#browsers.find(browser));
    const oid = form.text('topic')?.trim() ?? '';
    checkOid(oid, this.#limits);
    const [message] = await this.#context.broker.get(session, { type: 'EXACT', oid }, DEFAULT_QUERY_QOS, true);
    if (!message) return VOID;
    const type = safeMediaType(form.text('mimeType') || mimeOf(message.key));
    const isText = /^text\/|[/+]xml$/i.test(type);
    return { type: isText ? `${type};charset=utf-8` : type, body: message.content, policy: DOCUMENT_POLICY };
  }

  async #request(browser: BrowserSession | undefined, form: Form, whenGone: OnGone): Promise<AjaxAnswer> {
    const { session } = requireConnected(this.#browsers.find(browser));
    const reply = await requestReply(this.#context.broker, { session, onGone: whenGone }, form, this.#limits);
    return reply ? { type: safeMediaType(replyMimeOf(reply)), body: reply.content } : VOID;
  }
}

const NO_ACTION = 'ActionType is missing: xmlScript, updatePoll, updatePollBlocking, plainGet or request';

/** @throws BrokerError `user.illegalArgument` */
function readScript(form: Form): string {
  const plain = form.text('xmlScriptPlain');
  const base64 = form.text('xmlScriptBase64');
  if ((plain === undefined) === (base64 === undefined))
    throw new BrokerError('user.illegalArgument', 'xmlScript takes one of xmlScriptPlain and xmlScriptBase64');
  if (plain !== undefined) return plain;
  // Pages that do not encode a plus have sent a blank.
  return decodeXmlText(decodeBase64(exchange(base64 ?? '', ' ', '+'), 'xmlScriptBase64'), 'utf-8');
}

function requireConnect({ commands }: Script): void {
  if (commands.some(({ verb }) => verb === 'connect')) return;
  throw new BrokerError('user.illegalArgument', 'This browser is not connected: the first script must contain a connect');
}

function* answerPieces(outcome: ScriptOutcome, nowMs: number): Generator<string> {
  yield '<xmlBlasterResponse>\n';
  yield* encodeOutcome(outcome, nowMs);
  yield '</xmlBlasterResponse>\n';
}

/** XML for the page's parser, unless the key says something else. */
function mimeOf({ element, contentMime }: MsgKey): string {
  return element.attributes.some(({ name }) => name === 'contentMime') ? contentMime : 'text/xml';
}

/** Requests are for pictures. */
function replyMimeOf({ qos }: ReceivedMessage): string {
  const property = qos.clientProperties.find(({ name }) => name === 'contentMime');
  if (!property) return 'image/jpeg';
  return property.encoding === 'base64' ? Buffer.from(property.value, 'base64').toString() : property.value;
}
