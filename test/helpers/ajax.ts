import type { Answer, TestBroker } from './broker.ts';
import { RawClient } from './raw.ts';

/** A page of old: what it sends to `/ajax`, with the cookie that it got. */
export class AjaxPage {
  readonly #broker: TestBroker;
  readonly #path: string;
  cookie: string | undefined;

  constructor(broker: TestBroker, path = '/ajax') {
    this.#broker = broker;
    this.#path = path;
  }

  /** The body of the answer. */
  async send(parameters: Readonly<Record<string, string>>): Promise<string> {
    return (await this.answer(parameters)).body;
  }

  async answer(parameters: Readonly<Record<string, string>>, headers: Record<string, string> = {}): Promise<Answer> {
    const form = new URLSearchParams(parameters).toString();
    const answer = await this.#broker.post(form, this.#path, { ...this.headers, ...headers, 'Content-Type': FORM });
    const cookie = answer.headers.get('set-cookie');
    if (cookie) this.cookie = cookie.split(';')[0];
    return answer;
  }

  get headers(): Record<string, string> {
    return this.cookie === undefined ? {} : { Cookie: this.cookie };
  }

  script(commands: string): Promise<string> {
    return this.send({ ActionType: 'xmlScript', xmlScriptPlain: `<xmlBlaster>${commands}</xmlBlaster>` });
  }

  poll(parameters: Readonly<Record<string, string>> = {}): Promise<string> {
    return this.send({ ActionType: 'updatePoll', ...parameters });
  }

  blockingPoll(parameters: Readonly<Record<string, string>> = {}): Promise<string> {
    return this.send({ ActionType: 'updatePollBlocking', ...parameters });
  }
}

const FORM = 'application/x-www-form-urlencoded;charset=UTF-8';

/** A page that is connected to the session `name`, and has subscribed topic `a`, or what `key` says. */
export async function subscribedPage(broker: TestBroker, name = 'joe/1', key = "oid='a'/>"): Promise<AjaxPage> {
  const page = new AjaxPage(broker);
  const answer = await page.script(`<connect><qos><session name='${name}'/></qos></connect><subscribe><key ${key}</subscribe>`);
  if (!answer.includes('<subscribe id=')) throw new Error(answer);
  return page;
}

/** A blocking poll of `page` that the broker has got, on a connection of its own. */
export async function waitingPoll(broker: TestBroker, page: AjaxPage): Promise<RawClient> {
  const client = await RawClient.connect(broker.port);
  const form = 'ActionType=updatePollBlocking&timeout=120000';
  client.write(
    `POST /ajax HTTP/1.1\r\nHost: localhost\r\nCookie: ${page.cookie}\r\nContent-Length: ${form.length}\r\n\r\n${form}`,
  );
  // What is sent and answered behind it on another connection shows that it has arrived.
  for (let i = 0; i < 3; i++) await broker.get('/healthz');
  return client;
}
