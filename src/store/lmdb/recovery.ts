import type { LaneSummary, MessageCount, Recovery, StateRecord } from '../store.ts';
import { laneNumber } from './changes.ts';
import type { Environment } from './environment.ts';
import { type LaneTable, parseRunKey } from './lane-table.ts';
import type { Reader } from './reader.ts';
import type { RunEntry } from './run.ts';
import type { SegmentTable } from './segment-table.ts';

interface Tables {
  readonly lanes: LaneTable;
  readonly segments: SegmentTable;
}

type Count = { -readonly [name in keyof MessageCount]: MessageCount[name] };
type Summary = { -readonly [name in keyof LaneSummary]: LaneSummary[name] } & { topics: Map<number, number> };

/** Reads all entries, but no message, and fills the tables. */
export function recover(environment: Environment, reader: Reader, { lanes, segments }: Tables): Recovery {
  const records: StateRecord[] = [];
  for (const [key, block] of environment.entries('records')) {
    const record = reader.stateRecord(key, block);
    if (record) records.push(record);
  }
  const summaries = new Map<number, Summary>();
  const topics = new Map<number, Count>();
  for (const key of environment.keys('segments')) segments.last = key.readUInt32BE(); // ascending
  for (const [key, block] of environment.entries('runs')) {
    const { lane, firstOrder } = parseRunKey(key);
    const entries = reader.decodeRun(lane, firstOrder, key, block);
    // With a damaged key nothing in it can be read, and it may stand between another run and its end.
    if (entries.length === 0) continue;
    lanes.insert(lane, firstOrder);
    for (const entry of entries) {
      if (!segments.isLive(entry)) countMessage(topics, entry);
      segments.count(entry.segment, entry.index, { difference: 1, bytes: entry.bytes });
    }
    const known = summaries.get(laneNumber(lane));
    const summary = known ?? {
      ...lane,
      entries: 0,
      bytes: 0,
      firstOrder: entries[0]?.order ?? 0,
      lastOrder: 0,
      topics: new Map(),
    };
    summaries.set(laneNumber(lane), summary);
    summarize(summary, entries);
  }
  return { records, lanes: [...summaries.values()], topics };
}

function countMessage(topics: Map<number, Count>, { topicId, bytes }: RunEntry): void {
  const count = topics.get(topicId) ?? { messages: 0, bytes: 0 };
  topics.set(topicId, count);
  count.messages++;
  count.bytes += bytes;
}

function summarize(summary: Summary, entries: readonly RunEntry[]): void {
  summary.entries += entries.length;
  for (const { order, topicId, bytes } of entries) {
    summary.lastOrder = order;
    summary.bytes += bytes;
    summary.topics.set(topicId, (summary.topics.get(topicId) ?? 0) + 1);
  }
}
