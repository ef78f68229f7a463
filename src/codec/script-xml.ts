import { Lru } from '../base/lru.ts';
import { shorten } from '../base/shorten.ts';
import { type Command, type Pause, QUERY_VERBS, type QueryVerb, VERBS, type Verb } from '../model/command.ts';
import { BrokerError } from '../model/error.ts';
import { DEFAULT_PUBLISH_QOS, type MsgKey, type PublishQos, type PublishUnit } from '../model/message.ts';
import { attributeOf, childOf, elementsOf, type XmlElement } from '../model/xml-element.ts';
import { decodeConnectQos, decodeDisconnectQos } from './connect-qos-xml.ts';
import { decodeContent } from './content-xml.ts';
import { decodeMsgKey, decodeQueryKey, type KeyLimits, type KeyOverrides } from './key-xml.ts';
import { decodePublishQos } from './publish-qos-xml.ts';
import { decodeQueryQos } from './query-qos-xml.ts';
import { readXml, type XmlSource, type XmlTree } from './xml.ts';

export interface ScriptLimits extends KeyLimits {
  /** Default 1,000. */
  readonly maxCommands: number;
  /** Bytes of one content; default 10 MB. */
  readonly maxContentBytes: number;
  /** Ms that the `<wait>`s of a script may take in all; default 0: `<wait>` is refused. */
  readonly maxWaitMs?: number;
}

export interface Script {
  /** `<xmlBlaster id='…'>`, handed back in the answer. */
  readonly id: string | undefined;
  readonly commands: readonly ScriptCommand[];
}

/** A command that is decoded when its turn comes: those before it have happened then. */
interface ScriptCommand {
  readonly verb: Step['verb'];
  /** @throws BrokerError when its key, QoS or content is not legal. */
  decode(): Step;
}

type Step = Command | Pause;

/** What recent scripts said: documents of equal markup share their tree, and whatever was decoded from it. */
export interface ScriptCache {
  readonly trees: Lru<string, XmlTree>;
  /** A key belongs to its tree; comments in it may differ, and are part of the key. */
  readonly keys: WeakMap<XmlElement, { readonly inner: string; readonly key: MsgKey }>;
  readonly qos: WeakMap<XmlElement, PublishQos>;
}

const CACHED_SCRIPTS = 1_000;
const CACHED_CHARS = 250_000;

export function createScriptCache(): ScriptCache {
  return { trees: new Lru(CACHED_SCRIPTS, CACHED_CHARS), keys: new WeakMap(), qos: new WeakMap() };
}

/**
 * Reads a script: `<xmlBlaster>` with commands, or one command element alone (protocol/http.md, "XML endpoints").
 *
 * With `expected`, only commands of that verb are allowed and the command element itself may be left out. `cache` remembers what
 * publishers say again and again.
 *
 * @throws BrokerError `user.illegalArgument` for what is not well-formed or no command; `user.maxSizeExceed`.
 */
export function decodeScript(
  text: string,
  expected: Verb | undefined,
  newOid: () => string,
  limits: ScriptLimits,
  cache: ScriptCache = createScriptCache(),
): Script {
  const { document, prefixChars } = expected === undefined ? { document: text, prefixChars: 0 } : wrap(text, expected);
  const options = { keepSource: ['key'], isOpaque: isOpaqueContent, maxDepth: limits.maxDepth + 200, prefixChars };
  const source = readXml(document, { ...options, trees: cache.trees });
  const isScript = source.root.name === 'xmlBlaster';
  const elements = isScript ? elementsOf(source.root) : [source.root];
  if (isScript) refuseText(source.root);
  if (elements.length > limits.maxCommands) {
    throw new BrokerError(
      'user.maxSizeExceed',
      `The script has ${elements.length} commands; at most ${limits.maxCommands} are allowed`,
    );
  }
  const decoder = new CommandDecoder(source, newOid, limits, cache);
  return {
    id: isScript ? attributeOf(source.root, 'id') : undefined,
    commands: elements.map((element) => {
      const verb = limits.maxWaitMs && element.name === 'wait' ? 'wait' : verbOf(element, expected);
      return { verb, decode: () => decoder.decode(verb, element) };
    }),
  };
}

const REFUSED = new Set(['wait', 'input', 'echo', 'property', 'update', 'updateOneway', 'publishOneway', 'exception']);

function verbOf(element: XmlElement, expected: Verb | undefined): Verb {
  const verb = VERBS.find((known) => known === element.name);
  if (verb && (expected === undefined || verb === expected)) return verb;
  if (verb) throw new BrokerError('user.illegalArgument', `<${verb}> is not allowed here; this address takes <${expected}> only`);
  if (element.name === 'methodCall') throw new BrokerError('user.illegalArgument', 'XML-RPC belongs to POST / and POST /RPC2');
  const isRefused = REFUSED.has(element.name) || /^replace\w*Tokens$/.test(element.name);
  const problem = isRefused ? 'is not supported in scripts sent to the broker' : 'is not a command';
  throw new BrokerError('user.illegalArgument', `<${shorten(element.name)}> ${problem}; known are ${VERBS.join(', ')}`);
}

/** `<content>` is opaque, unless it is a tag somewhere inside a key or a QoS. */
export function isOpaqueContent(name: string, ancestors: readonly string[]): boolean {
  return name === 'content' && !ancestors.includes('key') && !ancestors.includes('qos');
}

/** Puts `<verb>` around a body that consists of `<key>`, `<content>`, `<qos>` alone, or of nothing; every character keeps its line. */
function wrap(text: string, verb: Verb): { readonly document: string; readonly prefixChars: number } {
  const start = prologLength(text);
  const name = /^<([^\s/>]+)/.exec(text.slice(start, start + 100))?.[1];
  if (name === 'xmlBlaster' || VERBS.some((known) => known === name)) return { document: text, prefixChars: 0 };
  const open = `<${verb}>`;
  const body = text.replace(/^<\?xml[^>]*>/, (declaration) => declaration.replace(/[^\r\n]/g, ' '));
  return { document: `${open}${body}</${verb}>`, prefixChars: open.length };
}

/** Where the first element may begin: behind blanks, comments and processing instructions. */
function prologLength(text: string): number {
  const piece = /[ \t\r\n]+|<\?[\s\S]*?\?>|<!--[\s\S]*?-->/y;
  let length = 0;
  while (piece.test(text)) length = piece.lastIndex;
  return length;
}

function refuseText(element: XmlElement): void {
  const text = element.children.find((child) => typeof child === 'string' && child.trim() !== '');
  if (typeof text !== 'string') return;
  throw new BrokerError('user.illegalArgument', `There is text directly inside <${element.name}>: "${shorten(text.trim())}"`);
}

class CommandDecoder {
  readonly #source: XmlSource;
  readonly #newOid: () => string;
  readonly #limits: ScriptLimits;
  readonly #cache: ScriptCache;
  #waitedMs = 0;

  constructor(source: XmlSource, newOid: () => string, limits: ScriptLimits, cache: ScriptCache) {
    this.#cache = cache;
    this.#source = source;
    this.#newOid = newOid;
    this.#limits = limits;
  }

  decode(verb: Step['verb'], element: XmlElement): Step {
    refuseText(element);
    if (verb === 'wait') return { verb, delayMs: this.#delay(element) };
    if (verb === 'publish') return { verb, unit: this.#unit(element) };
    if (verb === 'publishArr') return { verb, units: this.#units(element) };
    if (verb === 'connect') {
      checkParts(element, ['qos']);
      return { verb, qos: decodeConnectQos(childOf(element, 'qos')) };
    }
    if (isQueryVerb(verb)) return this.#query(verb, element);
    checkParts(element, ['qos']);
    if (verb === 'disconnect') return { verb, qos: decodeDisconnectQos(childOf(element, 'qos')) };
    return { verb };
  }

  #query(verb: QueryVerb, element: XmlElement): Command {
    checkParts(element, ['key', 'qos']);
    const key = childOf(element, 'key') ?? EMPTY_KEY;
    return { verb, key: decodeQueryKey(key, this.#limits), qos: decodeQueryQos(childOf(element, 'qos')) };
  }

  #units(element: XmlElement): PublishUnit[] {
    checkParts(element, ['message'], Number.POSITIVE_INFINITY);
    const messages = elementsOf(element);
    if (messages.length > this.#limits.maxCommands) {
      throw new BrokerError('user.maxSizeExceed', `<publishArr> has more than ${this.#limits.maxCommands} messages`);
    }
    return messages.map((message) => {
      refuseText(message);
      return this.#unit(message);
    });
  }

  #unit(element: XmlElement): PublishUnit {
    checkParts(element, ['key', 'content', 'qos']);
    const content = childOf(element, 'content');
    const bytes = content ? decodeContent(content, this.#source.sourceOf(content)) : Buffer.alloc(0);
    if (bytes.length > this.#limits.maxContentBytes) {
      throw new BrokerError(
        'user.maxSizeExceed',
        `The content has ${bytes.length} bytes; at most ${this.#limits.maxContentBytes} are allowed`,
      );
    }
    return {
      key: this.#key(childOf(element, 'key')),
      qos: this.#publishQos(childOf(element, 'qos')),
      content: bytes,
    };
  }

  /** A longer delay, or none, is what is left. */
  #delay(element: XmlElement): number {
    const stated = Number(attributeOf(element, 'delay')?.trim() || 0);
    const left = (this.#limits.maxWaitMs ?? 0) - this.#waitedMs;
    const delayMs = stated > 0 ? Math.min(stated, left) : left;
    this.#waitedMs += delayMs;
    return delayMs;
  }

  #key(element: XmlElement | undefined): MsgKey {
    if (!element) return decodeMsgKey(EMPTY_KEY, '', NO_OVERRIDES, this.#newOid, this.#limits);
    const inner = this.#source.sourceOf(element);
    const known = this.#cache.keys.get(element);
    if (known?.inner === inner) return known.key;
    const key = decodeMsgKey(element, inner, NO_OVERRIDES, this.#newOid, this.#limits);
    if (attributeOf(element, 'oid')?.trim() === key.oid) this.#cache.keys.set(element, { inner, key });
    return key;
  }

  #publishQos(element: XmlElement | undefined): PublishQos {
    if (!element) return DEFAULT_PUBLISH_QOS;
    const known = this.#cache.qos.get(element);
    if (known) return known;
    const qos = decodePublishQos(element);
    this.#cache.qos.set(element, qos);
    return qos;
  }
}

const EMPTY_KEY: XmlElement = { name: 'key', attributes: [], children: [] };
const NO_OVERRIDES: KeyOverrides = {};

function isQueryVerb(verb: Step['verb']): verb is QueryVerb {
  return QUERY_VERBS.some((known) => known === verb);
}

function checkParts(element: XmlElement, allowed: readonly string[], maxEach = 1): void {
  const counts = new Map<string, number>();
  for (const { name } of elementsOf(element)) {
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    if (!allowed.includes(name)) {
      throw new BrokerError(
        'user.illegalArgument',
        `<${shorten(name)}> is not allowed in <${element.name}>; it may hold <${allowed.join('>, <')}>`,
      );
    }
    if (count > maxEach) throw new BrokerError('user.illegalArgument', `<${name}> stands twice in <${element.name}>`);
  }
}
