import { Lru } from '../../base/lru.ts';
import { BrokerError } from '../../model/error.ts';
import type { ReceivedMessage } from '../../model/message.ts';
import type { XmlElement } from '../../model/xml-element.ts';
import { TopicDocument } from '../xpath/topic-document.ts';
import { type PropertyValue, readProperties } from './property-value.ts';
import { XPathPass } from './xpath-pass.ts';

/** How filters read XML; both throw a BrokerError, `user.maxSizeExceed` when the XML is too large or too deep to be read. */
export interface XmlReaders {
  content(content: Buffer): XmlElement;
  /** The QoS of a message as a get answers it. */
  qos(message: ReceivedMessage): XmlElement;
}

/** Messages whose text and trees are remembered, and the bytes of their contents; what is larger is read for every filter. */
const MAX_MESSAGES = 10;
const MAX_BYTES = 2 * 1024 * 1024;

/** The longest content that XPath looks into, in bytes. */
const MAX_XML_BYTES = 262_144;

/** What filters see of one message: each form is made once, for all who ask. */
export class MessageView {
  readonly #message: ReceivedMessage;
  readonly #readers: XmlReaders;
  #text: string | undefined;
  #content: TopicDocument | 'no XML' | undefined;
  #qos: TopicDocument | undefined;
  #contentPass: XPathPass | undefined;
  #qosPass: XPathPass | undefined;
  #properties: ReadonlyMap<string, PropertyValue> | undefined;

  constructor(message: ReceivedMessage, readers: XmlReaders) {
    this.#message = message;
    this.#readers = readers;
  }

  /** The content as UTF-8. */
  get text(): string {
    this.#text ??= this.#message.content.toString('utf8');
    return this.#text;
  }

  /** Undefined when the content is no XML. @throws Error when it is too large to be looked into. */
  get contentDocument(): TopicDocument | undefined {
    this.#content ??= this.#readContent();
    return this.#content === 'no XML' ? undefined : this.#content;
  }

  get qosDocument(): TopicDocument {
    this.#qos ??= new TopicDocument(this.#readers.qos(this.#message));
    return this.#qos;
  }

  /** What all XPaths that look at the content share. */
  get contentPass(): XPathPass {
    this.#contentPass ??= new XPathPass();
    return this.#contentPass;
  }

  get qosPass(): XPathPass {
    this.#qosPass ??= new XPathPass();
    return this.#qosPass;
  }

  /** The client properties by name. */
  get properties(): ReadonlyMap<string, PropertyValue> {
    this.#properties ??= readProperties(this.#message.qos.clientProperties);
    return this.#properties;
  }

  #readContent(): TopicDocument | 'no XML' {
    const { content } = this.#message;
    if (content.length > MAX_XML_BYTES) {
      throw new Error(`the content has ${content.length} bytes, an XPath looks into at most ${MAX_XML_BYTES}`);
    }
    try {
      return new TopicDocument(this.#readers.content(content));
    } catch (error) {
      if (!(error instanceof BrokerError) || error.code === 'user.maxSizeExceed') throw error;
      return 'no XML';
    }
  }
}

/** The views of the messages that filters look at now. */
export class MessageViews {
  readonly #readers: XmlReaders;
  readonly #views = new Lru<ReceivedMessage, MessageView>(MAX_MESSAGES, MAX_BYTES);
  #last: ReceivedMessage | undefined;
  #lastView: MessageView | undefined;

  constructor(readers: XmlReaders) {
    this.#readers = readers;
  }

  of(message: ReceivedMessage): MessageView {
    if (message === this.#last && this.#lastView) return this.#lastView;
    const view = this.#views.get(message) ?? this.#create(message);
    this.#last = message;
    this.#lastView = view;
    return view;
  }

  #create(message: ReceivedMessage): MessageView {
    const view = new MessageView(message, this.#readers);
    this.#views.set(message, view, message.content.length);
    return view;
  }
}
