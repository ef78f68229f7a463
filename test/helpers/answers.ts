import { DOMParser, type Element } from '@xmldom/xmldom';

/** One update or one message of a get, read by an XML library that is not the broker's. */
export interface ReadMessage {
  readonly oid: string;
  readonly text: string;
  readonly content: Buffer;
  /** How often it had been handed out before. */
  readonly redeliver: number;
  readonly key: Element;
  readonly qos: Element;
}

/** Parses a document. @throws when an XML library finds anything wrong with it. */
export function parseXml(text: string): Element {
  const parser = new DOMParser({
    onError: (level, message) => {
      if (level !== 'warning') throw new Error(`${level}: ${message}`);
    },
  });
  const root = parser.parseFromString(text, 'text/xml').documentElement;
  if (!root) throw new Error('no root element');
  return root;
}

/** The messages in an answer: those of its `<update>`s, or of a `<get>`. */
export function readMessages(xml: string): ReadMessage[] {
  return [...parseXml(xml).getElementsByTagName('content')].map((content) => readMessage(content.parentNode as Element));
}

/** What the messages of an answer say, in order. */
export function textsOf(xml: string): string[] {
  return readMessages(xml).map(({ text }) => text);
}

/** The cursor of an answer of /updates. */
export function ackOf(xml: string): string {
  return parseXml(xml).getAttribute('ack') ?? '';
}

/** `user.illegalArgument` and the sentence. */
export function exceptionOf(xml: string): { readonly code: string; readonly message: string } {
  const root = parseXml(xml);
  const exception = root.nodeName === 'exception' ? root : child(root, 'exception');
  return {
    code: exception?.getAttribute('errorCode') ?? '',
    message: (exception && child(exception, 'message')?.textContent) ?? '',
  };
}

/** The first child element of that name. */
export function child(parent: Element, name: string): Element | undefined {
  return [...parent.childNodes].find((node) => node.nodeName === name) as Element | undefined;
}

/** The client properties of a QoS; those in base64 decoded. */
export function propertiesOf(qos: Element): Record<string, string> {
  return Object.fromEntries(
    [...qos.getElementsByTagName('clientProperty')].map((property) => {
      const text = property.textContent ?? '';
      const isBase64 = property.getAttribute('encoding') === 'base64';
      return [property.getAttribute('name') ?? '', isBase64 ? Buffer.from(text, 'base64').toString() : text];
    }),
  );
}

function readMessage(parent: Element): ReadMessage {
  const [key, qos, content] = ['key', 'qos', 'content'].map((name) => child(parent, name));
  if (!key || !qos || !content) throw new Error(`<${parent.nodeName}> is not complete`);
  const text = content.textContent ?? '';
  const bytes = content.getAttribute('encoding') === 'base64' ? Buffer.from(text, 'base64') : Buffer.from(text);
  const redeliver = Number(child(qos, 'redeliver')?.textContent ?? 0);
  return { oid: key.getAttribute('oid') ?? '', text: bytes.toString(), content: bytes, redeliver, key, qos };
}
