import type { Lru } from '../base/lru.ts';
import { shorten } from '../base/shorten.ts';
import { escapeText, isXmlText } from '../base/xml-text.ts';
import { BrokerError } from '../model/error.ts';
import { childOf, elementsOf, textOf, type XmlElement } from '../model/xml-element.ts';
import { decodeBase64, decodeText } from './content-xml.ts';
import { readXml, type XmlSource, type XmlTree } from './xml.ts';

/** What a `<value>` holds; a date is the text of it. */
export type RpcValue = string | number | boolean | null | Buffer | readonly RpcValue[] | ReadonlyMap<string, RpcValue>;

export interface MethodCall {
  readonly method: string;
  readonly params: readonly RpcValue[];
}

/** What a server answers. */
export type MethodResponse =
  | { readonly value: RpcValue }
  | { readonly fault: { readonly code: number; readonly message: string } };

/** Nesting of elements; two arrays, one in the other, take ten. */
const MAX_DEPTH = 64;
/** Characters outside `<string>` and `<base64>`. */
const MAX_MARKUP_CHARS = 1_048_576;
const MAX_VALUES = 20_000;

/**
 * Reads `<methodCall>` (protocol/xmlrpc.md, "Values"). `trees` remembers what recent calls looked like: publishers repeat themselves.
 *
 * @throws BrokerError `user.illegalArgument` for what is not well-formed or no call; `user.maxSizeExceed` beyond a bound.
 */
export function decodeMethodCall(text: string, trees?: Lru<string, XmlTree>): MethodCall {
  const reader = new ValueReader(text, 'methodCall', trees);
  const name = childOf(reader.root, 'methodName');
  if (!name) throw illegal('<methodCall> has no <methodName>');
  return { method: textOf(name).trim(), params: reader.params() };
}

/** Reads `<methodResponse>`. @throws as `decodeMethodCall`. */
export function decodeMethodResponse(text: string): MethodResponse {
  const reader = new ValueReader(text, 'methodResponse');
  const fault = childOf(reader.root, 'fault');
  if (!fault) return { value: reader.params()[0] ?? null };
  const value = childOf(fault, 'value');
  const struct = value && reader.value(value);
  if (!(struct instanceof Map)) throw illegal('<fault> holds no <struct>');
  return { fault: { code: Number(struct.get('faultCode') ?? 0), message: String(struct.get('faultString') ?? '') } };
}

export function encodeMethodCall(method: string, params: readonly RpcValue[]): string {
  const values = params.map((param) => `<param><value>${encodeInner(param)}</value></param>`).join('');
  return `${DECLARATION}<methodCall ${NAMESPACE}><methodName>${escapeText(method)}</methodName><params>${values}</params></methodCall>`;
}

export function encodeMethodResponse(value: RpcValue): string {
  return `${RESPONSE_START}${encodeInner(value)}${RESPONSE_END}`;
}

/** An answer with an array, of which each piece is made when it is asked for. */
export function* encodeArrayResponse(values: Iterable<RpcValue>): Generator<string> {
  yield `${RESPONSE_START}<array><data>`;
  for (const value of values) yield `<value>${encodeInner(value)}</value>`;
  yield `</data></array>${RESPONSE_END}`;
}

export function encodeFault(code: number, message: string): string {
  const member = (name: string, value: RpcValue): string =>
    `<member><name>${name}</name><value>${encodeInner(value)}</value></member>`;
  const struct = `<struct>${member('faultCode', code)}${member('faultString', toXmlText(message))}</struct>`;
  return `${DECLARATION}<methodResponse ${NAMESPACE}><fault><value>${struct}</value></fault></methodResponse>`;
}

/** Whether the root element of a document is `<methodCall>`: what stands before it is skipped, nothing is checked. */
export function isMethodCall(text: string): boolean {
  return /^\ufeff?(?:\s+|<\?[^>]*\?>|<!--(?:[^-]|-[^-])*-->)*<methodCall[\s>]/.test(text.slice(0, MAX_PROLOG_CHARS));
}

const MAX_PROLOG_CHARS = 1_024;

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>';
const NAMESPACE = 'xmlns:ex="http://ws.apache.org/xmlrpc/namespaces/extensions"';
const RESPONSE_START = `${DECLARATION}<methodResponse ${NAMESPACE}><params><param><value>`;
const RESPONSE_END = '</value></param></params></methodResponse>';

/** Strings go out bare, as in the original; what XML cannot hold goes out as base64. */
function encodeInner(value: RpcValue): string {
  if (value === null) return '<ex:nil/>';
  if (typeof value === 'string') {
    return isXmlText(value) ? escapeText(value) : `<base64>${Buffer.from(value).toString('base64')}</base64>`;
  }
  if (typeof value === 'number') return `<i4>${value}</i4>`;
  if (typeof value === 'boolean') return `<boolean>${value ? 1 : 0}</boolean>`;
  if (Buffer.isBuffer(value)) return `<base64>${value.toString('base64')}</base64>`;
  if (isArray(value)) {
    if (value.length === 0) return '<array><data/></array>';
    return `<array><data>${value.map((item) => `<value>${encodeInner(item)}</value>`).join('')}</data></array>`;
  }
  const members = [...value].map(
    ([name, item]) => `<member><name>${escapeText(name)}</name><value>${encodeInner(item)}</value></member>`,
  );
  return `<struct>${members.join('')}</struct>`;
}

/** `Array.isArray` knows nothing of readonly arrays. */
export function isArray(value: RpcValue | undefined): value is readonly RpcValue[] {
  return Array.isArray(value);
}

function toXmlText(message: string): string {
  return isXmlText(message) ? message : JSON.stringify(message.toWellFormed());
}

class ValueReader {
  readonly root: XmlElement;
  readonly #source: XmlSource;
  #count = 0;

  constructor(text: string, rootName: string, trees?: Lru<string, XmlTree>) {
    this.#source = readXml(text, { maxDepth: MAX_DEPTH, maxMarkupChars: MAX_MARKUP_CHARS, isOpaque, ...(trees && { trees }) });
    this.root = this.#source.root;
    if (this.root.name !== rootName) throw illegal(`The root element is <${shorten(this.root.name)}>, not <${rootName}>`);
  }

  params(): RpcValue[] {
    const params = childOf(this.root, 'params');
    return (params ? elementsOf(params) : []).map((param) => {
      const value = param.name === 'param' ? childOf(param, 'value') : undefined;
      if (!value) throw illegal('<params> holds something else than <param><value>…</value></param>');
      return this.value(value);
    });
  }

  value(element: XmlElement): RpcValue {
    if (++this.#count > MAX_VALUES) throw new BrokerError('user.maxSizeExceed', `There are more than ${MAX_VALUES} values`);
    const [typed, ...others] = elementsOf(element);
    if (!typed) return textOf(element);
    if (others.length > 0)
      throw illegal(`<value> holds two elements, <${shorten(typed.name)}> and <${shorten(others[0]?.name ?? '')}>`);
    return this.#typed(typed);
  }

  #typed(element: XmlElement): RpcValue {
    switch (element.name) {
      case 'string':
        return this.#text(element);
      case 'base64':
        return decodeBase64(this.#text(element), '<base64>');
      case 'array':
        return this.#array(element);
      case 'struct':
        return this.#struct(element);
      case 'nil':
      case 'ex:nil':
        return null;
      case 'boolean':
        return decodeBoolean(textOf(element).trim());
      case 'dateTime.iso8601':
        return textOf(element).trim();
      default:
        if (NUMBERS.test(element.name)) return decodeNumber(element.name, textOf(element).trim());
        throw illegal(`The type <${shorten(element.name)}> is unknown`);
    }
  }

  #text(element: XmlElement): string {
    const text = decodeText(this.#source.sourceOf(element));
    if (text === undefined) throw illegal(`<${element.name}> holds other elements or comments; escape < as &lt;`);
    return text;
  }

  #array(element: XmlElement): RpcValue[] {
    const data = childOf(element, 'data');
    return (data ? elementsOf(data) : []).map((item) => {
      if (item.name !== 'value') throw illegal(`<data> holds <${shorten(item.name)}> instead of <value>`);
      return this.value(item);
    });
  }

  #struct(element: XmlElement): ReadonlyMap<string, RpcValue> {
    const members = new Map<string, RpcValue>();
    for (const member of elementsOf(element)) {
      const name = childOf(member, 'name');
      const value = childOf(member, 'value');
      if (!name || !value) throw illegal('<struct> holds something else than <member><name>…</name><value>…</value></member>');
      members.set(textOf(name), this.value(value));
    }
    return members;
  }
}

/** Texts may be long: they are checked, but no tree is made of them. */
function isOpaque(name: string): boolean {
  return name === 'string' || name === 'base64';
}

const NUMBERS = /^(?:ex:)?(?:i1|i2|i4|i8|int|double|float)$/;

function decodeNumber(type: string, text: string): number {
  const isNumber = /double|float/.test(type) ? /^[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?$/ : /^[+-]?[0-9]{1,19}$/;
  const number = Number(text);
  if (!isNumber.test(text) || Number.isNaN(number)) throw illegal(`<${type}> holds "${shorten(text)}", which is no number`);
  return number;
}

function decodeBoolean(text: string): boolean {
  if (text === '1' || text === 'true') return true;
  if (text === '0' || text === 'false') return false;
  throw illegal(`<boolean> holds "${shorten(text)}"; it must be 0 or 1`);
}

function illegal(message: string): BrokerError {
  return new BrokerError('user.illegalArgument', message);
}
