import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startBroker } from '../helpers/broker.ts';
import { readStatistics, untilSubscribed } from '../helpers/statistics.ts';
import { CHROMIUM, Page } from './browser.ts';

const hasBrowser = existsSync(CHROMIUM);
const skipped = hasBrowser ? '' : ` (SKIPPED: no ${CHROMIUM})`;

/** What pages of the original do: a frame for the stream, one for requests, one to say that it is ready; functions that the stream calls. */
const PAGE = `<!doctype html>
<body><script>
const servlet = '/BlasterHttpProxyServlet?ActionType=';
const show = (text) => document.body.appendChild(document.createElement('p')).append(text);
const plain = (text) => decodeURIComponent(text.replace(/\\+/g, ' '));
function ping(state) {
  show('ping ' + state);
  if (state === 'loginSucceeded') requests.location.href = servlet + "subscribe&key=" + escape("<key oid='a'/>");
}
function update(key, content, qos) {
  show('update ' + plain(content));
  if (control.location.href !== 'about:blank') control.location.reload(true);
  control.location.replace(servlet + 'browserReady&counter=' + Date.now());
}
function error(text) { show('error ' + plain(text)); }
</script>
<iframe name="requests"></iframe>
<iframe name="control"></iframe>
<iframe src="/BlasterHttpProxyServlet?ActionType=login&xmlBlaster.loginName=joe&xmlBlaster.passwd=secret"></iframe>`;

test.skipIf(!hasBrowser)(`a page with frames gets its updates one by one, and none of them breaks out${skipped}`, async () => {
  const monitorDir = mkdtempSync(join(tmpdir(), 'push-page-'));
  onTestFinished(() => rmSync(monitorDir, { recursive: true }));
  writeFileSync(join(monitorDir, 'push.html'), PAGE);
  const broker = await startBroker({ monitorDir });
  const page = await Page.open(`${broker.url}/monitor/push.html`);
  await untilSubscribed(broker, 1);
  await broker.put('/topics/a', 'größer €');
  await broker.put('/topics/a', "');parent.show('broken out')//</script><script>parent.show('broken out')</script>");
  await broker.put('/topics/a', 'third');
  await page.until(/update third/);
  await broker.put('/topics/a', 'last');
  const text = await page.until(/update last/);
  expect(text.match(/^(?:ping|update) .*/gm)).toEqual([
    'ping refresh',
    'ping loginSucceeded',
    'update größer €',
    "update ');parent.show('broken out')//</script><script>parent.show('broken out')</script>",
    'update third',
    'update last',
  ]);
  expect((await readStatistics(broker)).sessions).toBe(1);
});
