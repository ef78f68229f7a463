import { authorize } from '../broker/authorize.ts';
import type { Broker } from '../broker/broker.ts';
import type { Session } from '../broker/session.ts';
import { encodeMessage, encodeResults } from '../codec/script-response-xml.ts';
import { joinCommandPath } from '../model/command-path.ts';
import { BrokerError } from '../model/error.ts';
import { DEFAULT_QUERY_QOS } from '../model/query.ts';
import { type AdminCommands, isMessages } from './admin-commands.ts';
import { formatValue, type Value } from './command.ts';
import { UnknownCommandError } from './command-tree.ts';
import type { Metrics } from './metrics.ts';
import type { MonitorPages } from './monitor-pages.ts';
import { fillTemplate } from './page-template.ts';

interface Answer {
  readonly contentType: string;
  readonly body: string | Buffer;
}

const TEXT_TYPE = 'text/plain; charset=utf-8';
const XML_TYPE = 'application/xml; charset=utf-8';

/** Administration over HTTP: values as text, XML where they are XML, pages and metrics. */
export class HttpAdministration {
  readonly #broker: Broker;
  readonly #commands: AdminCommands;
  readonly #pages: MonitorPages;
  readonly #metrics: Metrics;

  constructor(broker: Broker, commands: AdminCommands, pages: MonitorPages, metrics: Metrics) {
    this.#broker = broker;
    this.#commands = commands;
    this.#pages = pages;
    this.#metrics = metrics;
  }

  async read(caller: Session, place: string, command: string): Promise<Answer> {
    authorize(caller, 'get', { type: 'EXACT', oid: `__cmd:${place}?${command}` });
    return notFoundIfUnknown(async () => {
      const path = joinCommandPath(place, command, this.#broker.nodeId);
      if (path.names.length === 0) return textAnswer((await this.#commands.list(path.place)).join('\n'));
      const values = await this.#commands.read(path, { caller, isReadOnly: true, argument: undefined });
      const [only] = values;
      if (only && values.length === 1) return this.#answerOf(only.value);
      return textAnswer(values.map(({ name, value }) => `${name}=${isMessages(value) ? '' : formatValue(value)}`).join('\n'));
    });
  }

  async change(caller: Session, place: string, command: string, body: Buffer): Promise<Answer> {
    authorize(caller, 'publish', { type: 'EXACT', oid: `__cmd:${place}?${command}` });
    return notFoundIfUnknown(async () => {
      const path = joinCommandPath(place, command, this.#broker.nodeId);
      const argument = body.length === 0 ? undefined : body.toString();
      return this.#answerOf(await this.#commands.change(path, { caller, isReadOnly: false, argument }));
    });
  }

  async page(caller: Session, name: string): Promise<Answer | undefined> {
    const page = await this.#pages.find(name);
    if (!page) return undefined;
    const { contentType, content, isTemplate } = page;
    if (!isTemplate) return { contentType, body: content };
    return { contentType, body: await fillTemplate(content.toString(), (command) => this.#ask(caller, command)) };
  }

  /** They tell what commands tell, and so have a name among these for those who may not get everything. */
  async metrics(caller: Session): Promise<Answer> {
    authorize(caller, 'get', { type: 'EXACT', oid: '__cmd:?metrics' });
    return this.#metrics.render();
  }

  /** A page is not to fail because of one command. */
  async #ask(caller: Session, command: string): Promise<string | undefined> {
    try {
      const answers = await this.#broker.get(caller, { type: 'EXACT', oid: `__cmd:${command}` }, DEFAULT_QUERY_QOS, true);
      return answers.map(({ content }) => content.toString()).join('');
    } catch (error) {
      if (error instanceof BrokerError) return undefined;
      throw error;
    }
  }

  #answerOf(value: Value): Answer {
    if (!isMessages(value))
      return typeof value === 'object' && 'xml' in value ? xmlAnswer(value.xml) : textAnswer(formatValue(value));
    const parts = { content: true, meta: true };
    const results = value.messages.map((message) => encodeMessage(message, parts, undefined, this.#broker.now()));
    return xmlAnswer(`<xmlBlasterResponse>\n${[...encodeResults('get', results, results.length)].join('')}</xmlBlasterResponse>`);
  }
}

function textAnswer(text: string): Answer {
  return { contentType: TEXT_TYPE, body: `${text}\n` };
}

function xmlAnswer(xml: string): Answer {
  return { contentType: XML_TYPE, body: `${xml}\n` };
}

async function notFoundIfUnknown(run: () => Promise<Answer>): Promise<Answer> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof UnknownCommandError) throw new BrokerError('user.oid.unknown', error.message, { cause: error });
    throw error;
  }
}
