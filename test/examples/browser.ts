import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { onTestFinished } from 'vitest';

export const CHROMIUM = '/usr/bin/chromium';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--remote-debugging-pipe',
];

interface Answer {
  readonly id?: number;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** A page in a headless browser of its own, driven by the DevTools protocol over a pipe; ends with the test. */
export class Page {
  readonly #input: Writable;
  readonly #waiting = new Map<number, { resolve(result: Record<string, unknown>): void; reject(error: Error): void }>();
  #sessionId: string | undefined;
  #lastId = 0;
  #received = '';

  private constructor(browser: ChildProcess) {
    this.#input = browser.stdio[3] as Writable;
    this.#input.on('error', () => {});
    (browser.stdio[4] as Readable).setEncoding('utf8').on('data', (text: string) => this.#receive(text));
    browser.once('exit', (code) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`the browser ended with code ${code}`));
    });
  }

  static async open(url: string): Promise<Page> {
    const profile = mkdtempSync(join(tmpdir(), 'browser-'));
    const browser = spawn(CHROMIUM, [...FLAGS, `--user-data-dir=${profile}`], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const gone = new Promise<void>((resolve) => browser.once('exit', () => resolve()));
    onTestFinished(async () => {
      if (browser.pid !== undefined && browser.exitCode === null) process.kill(-browser.pid, 'SIGKILL');
      await gone;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    });
    const page = new Page(browser);
    const { targetId } = await page.#call('Target.createTarget', { url: 'about:blank' });
    page.#sessionId = (await page.#call('Target.attachToTarget', { targetId, flatten: true }))['sessionId'] as string;
    await page.goTo(url);
    return page;
  }

  async goTo(url: string): Promise<void> {
    await this.#call('Page.navigate', { url });
  }

  /** Resolves with the text of the page's body once it matches. */
  async until(pattern: RegExp): Promise<string> {
    const expression = `new Promise((resolve) => {
      const look = () => document.body && ${pattern}.test(document.body.innerText) && resolve(document.body.innerText);
      new MutationObserver(look).observe(document, { childList: true, subtree: true, characterData: true });
      look();
    })`;
    const { result } = await this.#call('Runtime.evaluate', { expression, awaitPromise: true });
    return (result as { readonly value: string }).value;
  }

  #call(method: string, params: object): Promise<Record<string, unknown>> {
    const id = ++this.#lastId;
    const answer = new Promise<Record<string, unknown>>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    const sessionId = this.#sessionId;
    this.#input.write(`${JSON.stringify({ id, method, params, ...(sessionId ? { sessionId } : {}) })}\0`);
    return answer;
  }

  #receive(text: string): void {
    const messages = (this.#received + text).split('\0');
    this.#received = messages.pop() ?? '';
    for (const message of messages) this.#answer(JSON.parse(message));
  }

  #answer({ id, result, error }: Answer): void {
    if (id === undefined) return; // an event
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error) waiting?.reject(new Error(error.message));
    else waiting?.resolve(result ?? {});
  }
}
