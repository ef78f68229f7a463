import { escapeText } from '../../base/xml-text.ts';
import type { BrokerStatistics } from '../../broker/broker.ts';

/** The page that a browser shows at `/`: what this is, is it healthy, three lines to copy. `address` as in `http://localhost:3412`. */
export function homePage(address: string, version: string, statistics: BrokerStatistics): string {
  const url = escapeText(address);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>xmlBlaster broker</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1rem; color: #222; background: #fff }
  pre { background: #f4f4f4; padding: .8rem 1rem; overflow-x: auto; border-radius: 4px }
  .ok { color: #176117 }
  @media (prefers-color-scheme: dark) { body { color: #ddd; background: #181818 } pre { background: #262626 } .ok { color: #7c7 } a { color: #8bf } }
</style>
<h1>xmlBlaster broker ${escapeText(version)}</h1>
<p>A publish/subscribe broker: topics describe themselves in XML, subscribers pick them with XPath.</p>
<p class="ok"><strong>Healthy.</strong> ${statistics.topics} topics, ${statistics.sessions} sessions, ${statistics.subscriptions} subscriptions,
${Math.round((100 * statistics.heldBytes) / statistics.maxBytes)} % of its memory bound used.</p>
<p>Wait for the weather in Oslo:</p>
<pre>curl -G ${url}/updates --data-urlencode 'xpath=//weather[@city="Oslo"]'</pre>
<p>Publish it, in a second terminal:</p>
<pre>curl -d '&lt;publish&gt;&lt;key oid="w1"&gt;&lt;weather city="Oslo"/&gt;&lt;/key&gt;&lt;content&gt;cold&lt;/content&gt;&lt;/publish&gt;' ${url}/</pre>
<p>Read it again:</p>
<pre>curl ${url}/topics/w1</pre>
<p><a href="/openapi.json">openapi.json</a> describes every address; <a href="/topics">/topics</a> lists the keys of all topics.</p>
</html>
`;
}
