import { setTimeout as delay } from 'node:timers/promises';
import { encodeRequest, HttpConnection } from '../harness/http-connection.ts';
import type { Outcome } from '../harness/measurement.ts';
import { PacedPublisher } from '../harness/paced-publisher.ts';
import { makeTopics } from '../harness/populate.ts';
import type { ServerProcess } from '../harness/server-process.ts';
import { median, quantile } from '../harness/statistics.ts';

const TOPICS = 100_000;
/** Topics are of a hundred cities: each of these finds one in a hundred. */
const SUBSCRIPTIONS = 7;
const PUBLISHES_PER_S = 200;
const QUIET_MS = 2_000;

/** What one XPath subscription costs when there are very many topics already, and what others notice of it. */
export async function measureScan(broker: ServerProcess): Promise<Outcome> {
  const connection = await HttpConnection.open(broker.port);
  await makeTopics(connection, 't', TOPICS);
  await makeTopics(connection, 'other', 1);
  const publisher = await PacedPublisher.start(broker.port, '/topics/other0', PUBLISHES_PER_S);
  await delay(QUIET_MS);
  publisher.acknowledgedAfter.length = 0;
  await delay(QUIET_MS);
  const quietMs = publisher.acknowledgedAfter.splice(0);
  const subscribeMs: number[] = [];
  for (let i = 0; i < SUBSCRIPTIONS; i++) subscribeMs.push(await subscribe(connection, i));
  const duringMs = publisher.acknowledgedAfter.splice(0);
  publisher.close();
  connection.close();
  return {
    rows: [
      {
        what: `XPath subscription to ${TOPICS} topics, 1 in 100 matches`,
        result: `${Math.round(median(subscribeMs))} ms, first ${Math.round(subscribeMs[0] ?? 0)} ms`,
      },
      { what: '  ack of a publish meanwhile', result: `${describe(duringMs)}; before: ${describe(quietMs)}` },
    ],
    numbers: { subscribeMs, duringMs, quietMs },
  };
}

async function subscribe(connection: HttpConnection, i: number): Promise<number> {
  const start = performance.now();
  const body = `<subscribe><key queryType='XPATH'>//weather[@city='City${i}']</key><qos><initialUpdate>false</initialUpdate></qos></subscribe>`;
  await connection.request(encodeRequest('POST', '/subscribe?session=scan/1', body));
  return performance.now() - start;
}

function describe(latenciesMs: readonly number[]): string {
  const [p50, p99, max] = [0.5, 0.99, 1].map((share) => quantile(latenciesMs, share).toFixed(1));
  return `p50 ${p50}, p99 ${p99}, max ${max} ms`;
}
