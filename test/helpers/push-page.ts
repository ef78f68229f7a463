import type { Answer, TestBroker } from './broker.ts';

/** What a page's stream calls: a function of the page around its frame, and its arguments, decoded as forms are. */
export interface PageCall {
  readonly name: string;
  readonly values: readonly string[];
}

/** The pages with a frame of the original, as callback.js is one: the cookie, and a request for each call. */
export class PushPage {
  readonly #broker: TestBroker;
  readonly #path: string;
  cookie: string | undefined;

  constructor(broker: TestBroker, path = '/BlasterHttpProxyServlet') {
    this.#broker = broker;
    this.#path = path;
  }

  /** Logs in, and opens the stream. */
  async login(parameters: Readonly<Record<string, string>> = {}, headers: Record<string, string> = {}): Promise<PageStream> {
    const login = { ActionType: 'login', 'xmlBlaster.loginName': 'joe/1', 'xmlBlaster.passwd': 'secret', ...parameters };
    const response = await this.#broker.fetch(this.#address(new URLSearchParams(login).toString()), {
      headers: this.#headers(headers),
    });
    this.cookie = response.headers.get('set-cookie')?.split(';')[0] ?? this.cookie;
    return new PageStream(response);
  }

  /** A request by GET. */
  get(
    action: string,
    parameters: Readonly<Record<string, string>> | string = {},
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const query = typeof parameters === 'string' ? parameters : new URLSearchParams(parameters).toString();
    return this.#broker.get(this.#address(`ActionType=${action}&${query}`), this.#headers(headers));
  }

  /** The same by POST. */
  post(action: string, parameters: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const form = new URLSearchParams({ ActionType: action, ...parameters }).toString();
    return this.#broker.post(form, this.#path, this.#headers({ 'Content-Type': 'application/x-www-form-urlencoded' }));
  }

  #address(query: string): string {
    return `${this.#path}?${query}`;
  }

  #headers(headers: Record<string, string>): Record<string, string> {
    return { 'User-Agent': 'Opera/8.0 (X11; Linux)', ...(this.cookie !== undefined && { Cookie: this.cookie }), ...headers };
  }
}

/** The stream of a page, script by script. */
export class PageStream {
  readonly response: Response;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #calls: PageCall[] = [];
  #parsed = 0;
  /** All that has come. */
  text = '';

  constructor(response: Response) {
    if (!response.body) throw new Error('a stream without a body');
    this.response = response;
    this.#reader = response.body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  }

  /** The next call; undefined at the end of the stream. */
  async next(): Promise<PageCall | undefined> {
    for (;;) {
      const call = this.#calls.shift();
      if (call) return call;
      const { value, done } = await this.#reader.read();
      if (done) return undefined;
      this.text += Buffer.from(value).toString('latin1');
      const end = this.text.lastIndexOf('</script>') + 9;
      if (end <= this.#parsed) continue;
      this.#calls.push(...callsIn(this.text.slice(this.#parsed, end)));
      this.#parsed = end;
    }
  }

  /** The next call that is no ping. */
  async update(): Promise<PageCall | undefined> {
    for (;;) {
      const call = await this.next();
      if (call?.name !== 'ping') return call;
    }
  }
}

/** As strict as a reader of scripts has to be: whatever else stands there is an error. */
function callsIn(html: string): PageCall[] {
  const scripts = [...html.matchAll(/<script language='JavaScript' type='text\/javascript'>\n([\s\S]*?)\n<\/script>/g)];
  return scripts.flatMap(([, statements = '']) => statements.trimEnd().split('\n').map(callOf));
}

function callOf(statement: string): PageCall {
  const [, name = '', values = ''] =
    /^if \(parent\.(\w+) != null\) parent\.\1\('([A-Za-z0-9.*_+%',-]*)'\);$/.exec(statement) ?? [];
  if (name === '') throw new Error(`not a call: ${statement}`);
  return { name, values: values.split("','").map((value) => decodeURIComponent(value.replaceAll('+', ' '))) };
}
