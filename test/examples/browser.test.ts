import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startBroker } from '../helpers/broker.ts';
import { readStatistics, untilStatistics } from '../helpers/statistics.ts';
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

test.skipIf(!hasBrowser)(`examples/browser/ajax.html shows what is there and what is published${skipped}`, async () => {
  const origin = await serveExamples();
  const broker = await startBroker({ corsOrigin: [origin] });
  await broker.fetch('/topics/oslo', { method: 'PUT', body: 'größer', headers: { 'X-Key': '<weather/>' } });
  const page = await Page.open(`${origin}/ajax.html?broker=${broker.url}`);
  expect(await page.until(/oslo: größer/)).toContain('listening to //weather');
  await broker.fetch('/topics/oslo', { method: 'PUT', body: '<wärmer/> & more' });
  await page.until(/oslo: <wärmer\/> & more\s+oslo: größer/);
  await broker.fetch('/topics/bytes', { method: 'PUT', body: new Uint8Array([0, 1, 2]), headers: { 'X-Key': '<weather/>' } });
  await page.until(/bytes: 3 bytes\s+oslo/);
  await page.goTo('about:blank');
  await untilStatistics(broker, ({ sessions }) => sessions === 0);
});

test.skipIf(!hasBrowser)(`examples/browser/ajax.html says that the broker refuses a foreign page${skipped}`, async () => {
  const origin = await serveExamples();
  const broker = await startBroker();
  const page = await Page.open(`${origin}/ajax.html?broker=${broker.url}`);
  await expect(page.until(/refused/)).resolves.toBeTypeOf('string');
  expect((await readStatistics(broker)).sessions).toBe(0);
});

test.skipIf(!hasBrowser)(`the page at / shows three lines to copy${skipped}`, async () => {
  const broker = await startBroker();
  const page = await Page.open(`${broker.url}/`);
  const text = await page.until(/healthy/i);
  expect(text.match(/^curl .*/gm)).toHaveLength(3);
});

/** What `python3 -m http.server --directory examples/browser` does. Returns its origin. */
async function serveExamples(): Promise<string> {
  const server = createServer((request, response) => {
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    const name = request.url?.startsWith('/ajax.html') ? 'ajax.html' : 'sse.html';
    response.end(readFileSync(join(import.meta.dirname, '../../examples/browser', name)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
