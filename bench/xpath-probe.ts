// Run by the measurement `xpath` in a process of its own, so that sizes do not meet each other's heaps: measures one of the tables below
// and sends the numbers to its parent.
import { measureTopics } from './measurements/xpath-indexed-topics.ts';
import { measurePeers } from './measurements/xpath-peers.ts';
import { measureSubscriptions } from './measurements/xpath-subscriptions.ts';

const TABLES: Readonly<Record<string, (size: number) => unknown>> = {
  subscriptions: measureSubscriptions,
  topics: measureTopics,
  peers: measurePeers,
};

const [table = '', size] = process.argv.slice(2);
process.send?.(TABLES[table]?.(Number(size)));
process.disconnect?.();
