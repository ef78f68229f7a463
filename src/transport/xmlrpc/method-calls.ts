import type { Logger } from '../../base/logger.ts';
import { Lru } from '../../base/lru.ts';
import { shorten } from '../../base/shorten.ts';
import type { Broker } from '../../broker/broker.ts';
import type { PushTarget } from '../../broker/push-target.ts';
import type { OnGone } from '../../broker/queue-queries.ts';
import type { Session } from '../../broker/session.ts';
import type { RawUnit } from '../../codec/socket-frame.ts';
import type { XmlTree } from '../../codec/xml.ts';
import {
  decodeMethodCall,
  encodeArrayResponse,
  encodeFault,
  encodeMethodResponse,
  isArray,
  type MethodCall,
  type RpcValue,
} from '../../codec/xmlrpc.ts';
import type { Command } from '../../model/command.ts';
import type { CallbackQos, ConnectQos } from '../../model/connect.ts';
import { BrokerError } from '../../model/error.ts';
import { HTTP_STATUS } from '../../model/error-codes.ts';
import { type CommandResult, handleCommand, type MessagesResult } from '../command-handler.ts';
import type { RequestDecoder } from '../request-decoder.ts';
import { resolveCallback } from './callback-address.ts';
import { Callbacks } from './callbacks.ts';
import { MethodCaller } from './method-caller.ts';
import { describeParams, fits, isMethod, type MethodName } from './method-table.ts';
import { rpcUnit } from './rpc-unit.ts';
import { decodeScriptCall } from './script-call.ts';
import { SingleChannel } from './single-channel.ts';

export interface MethodCallsContext {
  readonly broker: Broker;
  readonly decoder: RequestDecoder;
  readonly logger: Logger;
  /** Hosts where callbacks may be beside the one that a client came from. */
  readonly callbackAllow: readonly string[];
  /** Ms that a callback server may take for an answer. */
  readonly responseTimeoutMs: number;
}

/** Who calls. */
export interface MethodPeer {
  /** Its IP address. */
  readonly address: string | undefined;
  readonly userAgent: string | undefined;
  readonly onGone: OnGone;
}

export interface MethodAnswer {
  readonly pieces: Iterable<string>;
  /** To be told whether the answer has left. */
  readonly settle?: ((hasLeft: boolean) => void) | undefined;
}

/** The methods of XML-RPC on the verbs of the broker (protocol/xmlrpc.md). */
export class MethodCalls {
  readonly #context: MethodCallsContext;
  readonly #callbacks: Callbacks;
  readonly #trees = new Lru<string, XmlTree>(CACHED_CALLS, CACHED_CHARS);
  readonly #singleChannels = new WeakMap<Session, SingleChannel>();

  constructor(context: MethodCallsContext) {
    this.#context = context;
    this.#callbacks = new Callbacks(context.broker, context.responseTimeoutMs, context.logger);
  }

  /** Answers one call; what goes wrong is a fault. */
  async answer(text: string, peer: MethodPeer): Promise<MethodAnswer> {
    try {
      return await this.#run(decodeMethodCall(text, this.#trees), peer);
    } catch (error) {
      return this.refuse(error);
    }
  }

  /** The fault for a call that could not be read, or failed. */
  refuse(error: unknown): MethodAnswer {
    return { pieces: [this.#fault(error)] };
  }

  /** To be called once, when the broker has what survived. */
  resume(): void {
    this.#callbacks.resume(this.#context.callbackAllow);
  }

  close(): void {
    this.#callbacks.close();
  }

  async #run({ method, params }: MethodCall, peer: MethodPeer): Promise<MethodAnswer> {
    if (!isMethod(method)) return protocolFault(`No such handler: ${shorten(method)}`);
    if (!fits(method, params)) return protocolFault(`No method matching arguments: ${method}(${describeParams(params)})`);
    const [sessionId, ...rest] = params;
    switch (method) {
      case 'authenticate.login':
        return whole((await this.#login(params as readonly string[], peer)).secretId);
      case 'authenticate.connect':
      case 'authenticate.connectSingleChannel':
        return whole(await this.#connect(method, params as readonly (string | null)[], peer));
      case 'xmlBlaster.toXml':
        return whole(await this.#dump(this.#callerOf(sessionId, peer).session));
      case 'xmlBlaster.updateRequest': {
        const channel = this.#singleChannels.get(this.#callerOf(sessionId, peer).session);
        if (!channel?.isOpen) throw new BrokerError('communication.noConnection.callbackServer.notavailable', NO_CHANNEL);
        return whole(await channel.request(waitMsOf(rest[0] as string), rest[1] === 'true', peer.onGone));
      }
      case 'xmlBlaster.updateAckOrException': {
        const exception = rest[2] === '' || rest[2] === null ? undefined : (rest[2] as string);
        const { session } = this.#callerOf(sessionId, peer);
        this.#singleChannels.get(session)?.acknowledge(rest[0] as string, exception);
        return whole('');
      }
      case 'xmlBlaster.shutdownCb': {
        const session = this.#sessionOf(sessionId); // clients say this also when it has ended
        if (session) this.#singleChannels.get(session)?.shutdown();
        return whole('');
      }
      case 'authenticate.xmlScriptInvoke':
      case 'xmlBlaster.xmlScriptInvoke':
        return this.#run(decodeScriptCall(sessionId as string), peer);
      default:
        return this.#runCommand(method, params, peer);
    }
  }

  async #login([user, password, qos]: readonly string[], peer: MethodPeer): Promise<Session> {
    const asked = { ...this.#connectQos(qos ?? ''), user, password };
    return (await this.#open(asked, peer, false)).session;
  }

  async #connect(method: MethodName, params: readonly (string | null)[], peer: MethodPeer): Promise<string> {
    const secretSessionId = (params.length > 1 && params[0]) || undefined;
    const qos = this.#connectQos(params.at(-1) ?? '');
    const asked = { ...qos, secretSessionId: qos.secretSessionId ?? secretSessionId };
    if (method === 'authenticate.connect') return (await this.#open(asked, peer, params.length > 1)).answer;
    const caller = new MethodCaller(undefined, peer.address);
    const [answer = ''] = await this.#qosOf(caller, { verb: 'connect', qos: asked }, peer);
    this.#openSingleChannel(caller.session, asked.callback);
    return answer;
  }

  /** Connects, and opens the callback if there is one that the broker can call. @throws BrokerError as `resolveCallback`. */
  async #open(qos: ConnectQos, peer: MethodPeer, hasTwoParams: boolean): Promise<{ answer: string; session: Session }> {
    const push = await this.#pushTarget(qos, peer, hasTwoParams);
    const caller = new MethodCaller(undefined, peer.address, push);
    const [answer = ''] = await this.#qosOf(caller, { verb: 'connect', qos }, peer);
    const { session } = caller;
    if (push) this.#callbacks.open(session, push);
    return { answer, session };
  }

  /** Undefined: nothing is to be pushed over XML-RPC. Whoever polls may name any address. */
  async #pushTarget({ callback: qos }: ConnectQos, peer: MethodPeer, hasTwoParams: boolean): Promise<PushTarget | undefined> {
    if (qos?.type.toUpperCase() !== 'XMLRPC' || qos.address === '') return undefined;
    try {
      const ip = await resolveCallback(qos.address, peer.address, this.#context.callbackAllow);
      const isVersion2 = hasTwoParams || peer.userAgent?.startsWith('Apache XML RPC') === true;
      return { qos, ip, peer: peer.address, isVersion2 };
    } catch (error) {
      if (qos.dispatcherActive) throw error;
      return undefined;
    }
  }

  /** The verbs whose parameters are those of a SOCKET request. */
  async #runCommand(method: MethodName, params: readonly RpcValue[], peer: MethodPeer): Promise<MethodAnswer> {
    const isLogout = method === 'authenticate.logout';
    const verb = isLogout ? 'disconnect' : method.slice(method.indexOf('.') + 1);
    const command = this.#context.decoder.decode({ method: verb, units: unitsOf(verb, params) });
    const result = await this.#handle(this.#callerOf(params[0], peer), command, peer);
    if ('messages' in result) return this.#messages(result, params[3] === 'true');
    if (method === 'xmlBlaster.publishOneway') return whole('');
    return ARRAYS.has(verb) ? { pieces: encodeArrayResponse(result.qos) } : whole(result.qos[0] ?? '');
  }

  #messages(result: MessagesResult, isText: boolean): MethodAnswer {
    const now = this.#context.broker.now();
    function* units(): Generator<RpcValue> {
      for (const [index, message] of result.messages.entries())
        yield rpcUnit(message, result.parts, result.infos?.[index], now, isText);
    }
    return { pieces: encodeArrayResponse(units()), settle: result.settle };
  }

  async #qosOf(caller: MethodCaller, command: Command, peer: MethodPeer): Promise<readonly string[]> {
    const result = await this.#handle(caller, command, peer);
    return 'qos' in result ? result.qos : [];
  }

  async #handle(caller: MethodCaller, command: Command, { onGone }: MethodPeer): Promise<CommandResult> {
    return handleCommand(this.#context.broker, caller, command, onGone);
  }

  #callerOf(secretId: RpcValue | undefined, { address }: MethodPeer): MethodCaller {
    return new MethodCaller(this.#sessionOf(secretId), address);
  }

  #sessionOf(secretId: RpcValue | undefined): Session | undefined {
    return typeof secretId === 'string' ? this.#context.broker.sessions.find(secretId) : undefined;
  }

  #connectQos(literal: string): ConnectQos {
    const command = this.#context.decoder.decode({ method: 'connect', units: [{ qos: literal, key: '', content: EMPTY }] });
    return (command as Extract<Command, { verb: 'connect' }>).qos;
  }

  async #dump(session: Session): Promise<string> {
    const units = [{ key: DUMP_KEY, content: EMPTY, qos: '' }];
    const { key, qos } = this.#context.decoder.decode({ method: 'get', units }) as Extract<Command, { verb: 'get' }>;
    const [message] = await this.#context.broker.get(session, key, qos, true);
    return message?.content.toString() ?? '';
  }

  #openSingleChannel(session: Session, callback: CallbackQos | undefined): void {
    const { broker } = this.#context;
    const channel = new SingleChannel(session, {
      now: broker.now,
      startTimer: (delayMs, onOver) => broker.timers.start(delayMs, onOver),
      onRefused: (deliveries, reason) => broker.callbacks.refused(session, deliveries, reason),
      onDisowned: () => broker.callbacks.disowned(session),
      pingIntervalMs: callback?.pingIntervalMs ?? 0,
      // A client that shuts down gets the time of a first try to disconnect.
      onLost: () => callback && broker.callbacks.lost(session, { ...callback, retries: callback.retries || 1 }),
    });
    this.#singleChannels.set(session, channel);
    session.dispatcher.attach(channel);
  }

  /** The code is the HTTP status that goes with the error: the original's Java client takes anything outside 400 to 499 for a lost connection. */
  #fault(error: unknown): string {
    const { broker, logger } = this.#context;
    if (!(error instanceof BrokerError)) logger.error({ err: error }, 'an XML-RPC call failed because of a bug');
    const { code, message } = error instanceof BrokerError ? error : BUG;
    const text = `XmlBlasterException errorCode=[${code}] serverSideException=true location=[${broker.nodeId}] message=[${message}]`;
    return encodeFault(HTTP_STATUS[code], text);
  }
}

/** Shapes of recent calls that are remembered, and their characters. */
const CACHED_CALLS = 1_000;
const CACHED_CHARS = 250_000;

const EMPTY = Buffer.alloc(0);
const DUMP_KEY = "<key oid='__cmd:?dump'/>";
const NO_CHANNEL = 'The session does not listen for updates, or not any more; call authenticate.connectSingleChannel';
const MAX_WAIT_MS = 300_000;
const BUG = new BrokerError('internal.unknown', 'The broker failed on this call; its log says more');

/** The methods that answer an array of return QoS. */
const ARRAYS: ReadonlySet<string> = new Set(['publishArr', 'unSubscribe', 'erase']);

function whole(value: RpcValue): MethodAnswer {
  return { pieces: [encodeMethodResponse(value)] };
}

function protocolFault(message: string): MethodAnswer {
  return { pieces: [encodeFault(0, message)] };
}

/** What stands behind the session id, as units: of forms that have been checked. */
function unitsOf(verb: string, params: readonly RpcValue[]): RawUnit[] {
  const [, first, second, third] = params;
  if (verb === 'publishArr' || verb === 'publishOneway') return (first as readonly (readonly RpcValue[])[]).map(toUnit);
  if (verb === 'publish') return [toUnit(isArray(first) ? first : ([first, second, third] as readonly RpcValue[]))];
  if (verb === 'disconnect') return [{ key: '', content: EMPTY, qos: (first as string | undefined) ?? '' }];
  return [{ key: (first as string | undefined) ?? '', content: EMPTY, qos: (second as string | undefined) ?? '' }];
}

function toUnit([key, content, qos]: readonly RpcValue[]): RawUnit {
  return {
    key: key as string,
    content: Buffer.isBuffer(content) ? content : Buffer.from(content as string),
    qos: qos as string,
  };
}

function waitMsOf(text: string): number {
  const waitMs = Number(text);
  if (text.trim() !== '' && waitMs >= 0) return Math.min(waitMs, MAX_WAIT_MS);
  throw new BrokerError('user.illegalArgument', `The time to wait must be a number of ms, not "${shorten(text)}"`);
}
