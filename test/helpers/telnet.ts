import { RawClient } from './raw.ts';

const PROMPT = '127.0.0.1 << ';

/** Somebody at the console of a broker. */
export class TelnetClient {
  readonly raw: RawClient;

  private constructor(raw: RawClient) {
    this.raw = raw;
  }

  /** Resolves when the console prompts. */
  static async open(port: number | undefined): Promise<TelnetClient> {
    if (port === undefined) throw new Error('the broker has no console');
    const raw = await RawClient.connect(port);
    await raw.until(/^127\.0\.0\.1 << $/);
    return new TelnetClient(raw);
  }

  /** Types a line; resolves with the answer, without the echo before it and the prompt behind it. */
  async say(line: string): Promise<string> {
    const answer = await this.exchange(`${line}\r\n`);
    const echo = `${line}\r\n`;
    if (!answer.startsWith(echo)) throw new Error(`no echo of ${line}: ${answer}`);
    return answer.slice(echo.length);
  }

  /** Sends bytes; resolves with all that comes up to the next prompt or question. */
  async exchange(bytes: string | Uint8Array): Promise<string> {
    const start = this.raw.text.length;
    this.raw.write(bytes);
    const text = await this.raw.until(new RegExp(`^.{${start}}.*(127\\.0\\.0\\.1 << |\\(yes/no\\): )$`, 's'));
    return Buffer.from(text.slice(start), 'latin1')
      .toString()
      .replace(new RegExp(`${PROMPT}$`), '');
  }
}
