import { HttpConnection } from '../harness/http-connection.ts';
import type { Measurement } from '../harness/measurement.ts';
import { type MemoryUse, measureMemory } from '../harness/memory-use.ts';
import { makeSessions, makeTopics } from '../harness/populate.ts';
import { ServerProcess } from '../harness/server-process.ts';

const TOPICS = 100_000;
const SESSIONS = 20_000;
/** Of both, made before anything is measured, so that compiled code and grown heaps do not count. */
const WARM_UP = 2_000;

/** What the broker pays for what just lies there: topics with one message each, named sessions without subscriptions. */
export const measureMemoryPerThing: Measurement = async (say) => {
  const broker = await ServerProcess.startBroker();
  try {
    const connection = await HttpConnection.open(broker.port);
    await makeTopics(connection, 'warm', WARM_UP);
    await makeSessions(connection, 'warm', WARM_UP);
    say(`${TOPICS} topics`);
    const topic = (await measureMemory(broker, TOPICS, () => makeTopics(connection, 't', TOPICS))).use;
    say(`${SESSIONS} sessions`);
    const session = (await measureMemory(broker, SESSIONS, () => makeSessions(connection, 's', SESSIONS))).use;
    connection.close();
    const rows = [
      { what: 'idle topic, key of 90 bytes and one message of 100', result: describe(topic) },
      { what: 'idle named session', result: describe(session) },
    ];
    return { rows, numbers: { topic, session } };
  } finally {
    await broker.stop();
  }
};

function describe({ rssBytes, heapBytes, externalBytes }: MemoryUse): string {
  const live = ((heapBytes + externalBytes) / 1000).toFixed(2);
  return `${(rssBytes / 1000).toFixed(2)} kB of RSS as it is (${live} kB live after GC)`;
}
