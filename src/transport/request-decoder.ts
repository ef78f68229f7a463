import { Lru } from '../base/lru.ts';
import { decodeConnectQos, decodeDisconnectQos } from '../codec/connect-qos-xml.ts';
import { decodeMsgKey, decodeQueryKey, type KeyLimits, readKey } from '../codec/key-xml.ts';
import { decodePublishQos } from '../codec/publish-qos-xml.ts';
import { decodeQueryQos } from '../codec/query-qos-xml.ts';
import type { RawUnit } from '../codec/socket-frame.ts';
import { readXml } from '../codec/xml.ts';
import { type Command, QUERY_VERBS, type QueryVerb } from '../model/command.ts';
import { BrokerError } from '../model/error.ts';
import type { MsgKey, PublishQos, PublishUnit } from '../model/message.ts';
import type { XmlElement } from '../model/xml-element.ts';

/** Bounds of each cache of parsed literals: entries, and characters of XML in all. */
const CACHE_ENTRIES = 10_000;
const CACHE_CHARS = 4_000_000;

/** Contents smaller than this are copied out of the bytes that arrived, so that they do not keep all of those alive. */
const MIN_SLICE_BYTES = 4_096;

/** A request as SOCKET and XML-RPC have it: its units are literals. */
export interface RawRequest {
  readonly method: string;
  readonly units: readonly RawUnit[];
}

/** Makes commands of requests. Publishers repeat their keys and QoS: parsed forms are kept by their literals. */
export class RequestDecoder {
  readonly #limits: KeyLimits & { readonly maxContentBytes: number };
  readonly #newOid: () => string;
  readonly #keys = new Lru<string, MsgKey>(CACHE_ENTRIES, CACHE_CHARS);
  readonly #publishQos = new Lru<string, PublishQos>(CACHE_ENTRIES, CACHE_CHARS);

  constructor(limits: KeyLimits & { readonly maxContentBytes: number }, newOid: () => string) {
    this.#limits = limits;
    this.#newOid = newOid;
  }

  /** @throws BrokerError for illegal XML and values; FrameError when the data are no message units. */
  decode({ method, units }: RawRequest): Command {
    if (method === 'publish' || method === 'publishArr' || method === 'publishOneway') {
      const [only] = units;
      if (only && units.length === 1) return { verb: 'publish', unit: this.#publishUnit(only) };
      return { verb: 'publishArr', units: units.map((unit) => this.#publishUnit(unit)) };
    }
    if (method === 'ping') return { verb: method };
    const [unit = NO_UNIT] = units;
    if (method === 'disconnect') return { verb: method, qos: decodeDisconnectQos(readQos(unit.qos)) };
    if (method === 'connect') return { verb: 'connect', qos: decodeConnectQos(readQos(unit.qos)) };
    if (isQueryVerb(method)) {
      const key = unit.key.trim() === '' ? EMPTY_KEY : readKey(unit.key).root;
      return { verb: method, key: decodeQueryKey(key, this.#limits), qos: decodeQueryQos(readQos(unit.qos)) };
    }
    throw new BrokerError('user.wrongApiUsage', `The method "${method.slice(0, 40)}" is unknown`);
  }

  #publishUnit({ qos, key, content }: RawUnit): PublishUnit {
    if (content.length > this.#limits.maxContentBytes) {
      throw new BrokerError(
        'user.maxSizeExceed',
        `The content has ${content.length} bytes; at most ${this.#limits.maxContentBytes} are allowed`,
      );
    }
    return {
      key: this.#key(key),
      qos: this.#qos(qos),
      content: content.length < MIN_SLICE_BYTES ? Buffer.from(content) : content,
    };
  }

  #key(literal: string): MsgKey {
    const known = this.#keys.get(literal);
    if (known) return known;
    let isGenerated = false;
    const newOid = (): string => {
      isGenerated = true;
      return this.#newOid();
    };
    const { root, sourceOf } = literal.trim() === '' ? NO_KEY : readKey(literal);
    const key = decodeMsgKey(root, sourceOf(root), {}, newOid, this.#limits);
    if (!isGenerated) this.#keys.set(literal, key, literal.length);
    return key;
  }

  #qos(literal: string): PublishQos {
    const known = this.#publishQos.get(literal);
    if (known) return known;
    const qos = decodePublishQos(readQos(literal));
    this.#publishQos.set(literal, qos, literal.length);
    return qos;
  }
}

const EMPTY_KEY: XmlElement = { name: 'key', attributes: [], children: [] };
const NO_KEY = { root: EMPTY_KEY, sourceOf: () => '' };
const NO_UNIT: RawUnit = { qos: '', key: '', content: Buffer.alloc(0) };

function readQos(literal: string): XmlElement | undefined {
  return literal.trim() === '' ? undefined : readXml(literal).root;
}

function isQueryVerb(method: string): method is QueryVerb {
  return QUERY_VERBS.some((known) => known === method);
}
