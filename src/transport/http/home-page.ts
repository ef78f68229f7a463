import { escapeText } from '../../base/xml-text.ts';
import type { BrokerStatistics } from '../../broker/broker.ts';

/** The page that a browser shows at `/`: what this is, is it healthy, three lines to copy. `address` as in `http://localhost:3412`. */
export function homePage(address: string, version: string, statistics: BrokerStatistics): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>xmlBlaster broker</title>
<style>${STYLE}</style>
<main>
<h1>xmlBlaster broker <small>${escapeText(version)}</small></h1>
<p>A message broker: topics describe themselves in XML, subscribers pick them with XPath, and plain HTTP is enough to talk to it.</p>
<p class="state"><strong>Healthy.</strong> ${summary(statistics)}.</p>
<h2>Wait for the weather in Oslo</h2>
${command(`curl -G ${address}/updates --data-urlencode 'xpath=//weather[@city="Oslo"]'`)}
<h2>Publish it, in a second terminal</h2>
${command(`curl -d '<publish><key oid="w1"><weather city="Oslo"/></key><content>cold</content></publish>' ${address}/`)}
<h2>Read it again</h2>
${command(`curl ${address}/topics/w1`)}
<p class="more"><a href="/topics">All topics</a> with their keys. <a href="/openapi.json">Every address</a> and its parameters, for programs.</p>
</main>
</html>
`;
}

const STYLE = `
  :root { --text: #1d2327; --back: #fff; --quiet: #5b6670; --box: #f2f4f6; --good: #17701f; --link: #0b57b8 }
  @media (prefers-color-scheme: dark) {
    :root { --text: #dfe3e6; --back: #16191c; --quiet: #9aa5ae; --box: #23282d; --good: #6fce79; --link: #8ab8ff }
  }
  body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back) }
  main { max-width: 44rem; margin: 3rem auto; padding: 0 1.25rem }
  h1 { margin: 0 0 .5rem; font-size: 1.9rem; line-height: 1.2 }
  h1 small { font-size: 1rem; font-weight: normal; color: var(--quiet) }
  h2 { margin: 1.5rem 0 .4rem; font-size: 1rem }
  pre { margin: 0; padding: .75rem 1rem; border-radius: 6px; background: var(--box); font-size: .9rem; white-space: pre-wrap; overflow-wrap: anywhere }
  .state { color: var(--quiet) }
  .state strong { color: var(--good) }
  .more { margin-top: 2rem; color: var(--quiet) }
  a { color: var(--link) }
`;

function command(line: string): string {
  return `<pre>${escapeText(line)}</pre>`;
}

function summary({ topics, sessions, subscriptions, heldBytes, maxBytes }: BrokerStatistics): string {
  const percent = Math.round((100 * heldBytes) / maxBytes);
  return [
    counted(topics, 'topic'),
    counted(sessions, 'session'),
    counted(subscriptions, 'subscription'),
    `${percent}\u00a0% of its memory in use`,
  ].join(', ');
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
