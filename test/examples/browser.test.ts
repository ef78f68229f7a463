import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startBroker } from '../helpers/broker.ts';
import { CHROMIUM, Page } from './browser.ts';

const hasBrowser = existsSync(CHROMIUM);
const skipped = hasBrowser ? '' : ` (SKIPPED: no ${CHROMIUM})`;

test.skipIf(!hasBrowser)(`examples/browser/sse.html shows what is there and what is published${skipped}`, async () => {
  const origin = await serveExamples();
  const broker = await startBroker({ corsOrigin: [origin] });
  await broker.fetch('/topics/oslo', { method: 'PUT', body: 'cold', headers: { 'X-Key': '<weather/>' } });
  const page = await Page.open(`${origin}/sse.html?broker=${broker.url}`);
  expect(await page.until(/oslo: cold/)).toContain('listening to //weather');
  await broker.fetch('/topics/oslo', { method: 'PUT', body: '<warm>er</warm>' });
  await broker.fetch('/topics/bytes', { method: 'PUT', body: new Uint8Array([0, 1, 2]), headers: { 'X-Key': '<weather/>' } });
  await expect(page.until(/bytes: 3 bytes\s+oslo: <warm>er<\/warm>\s+oslo: cold/)).resolves.toBeTypeOf('string');
});

test.skipIf(!hasBrowser)(`examples/browser/sse.html says that the broker refuses a foreign page${skipped}`, async () => {
  const origin = await serveExamples();
  const broker = await startBroker();
  const page = await Page.open(`${origin}/sse.html?broker=${broker.url}`);
  await expect(page.until(/refused/)).resolves.toBeTypeOf('string');
});

test.skipIf(!hasBrowser)(`the page at / shows three lines to copy${skipped}`, async () => {
  const broker = await startBroker();
  const page = await Page.open(`${broker.url}/`);
  const text = await page.until(/healthy/i);
  expect(text.match(/^curl .*/gm)).toHaveLength(3);
});

/** What `python3 -m http.server --directory examples/browser` does. Returns its origin. */
async function serveExamples(): Promise<string> {
  const server = createServer((_request, response) => {
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    response.end(readFileSync(join(import.meta.dirname, '../../examples/browser/sse.html')));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
