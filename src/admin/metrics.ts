import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Registry } from 'prom-client';
import type { Broker } from '../broker/broker.ts';
import { PublishLatency } from '../broker/counters.ts';

/** What is read when somebody asks: nothing is counted here. */
export interface MetricSources {
  readonly broker: Broker;
  /** Connections now, by what they speak. */
  readonly connections: () => ReadonlyMap<string, number>;
  readonly isDurable: boolean;
  readonly version: string;
}

/** How often the event loop is looked at; ms. */
const LOOP_RESOLUTION_MS = 20;
const NANOS = 1e9;
const MS = 1e3;

interface Numeric {
  readonly name: string;
  readonly help: string;
  readonly value: (sources: MetricSources) => number;
}

/** Numbers that go up and down. */
const GAUGES: readonly Numeric[] = [
  { name: 'xmlblaster_sessions', help: 'Named and connected sessions', value: ({ broker }) => broker.sessions.size },
  { name: 'xmlblaster_subjects', help: 'Users with a session', value: ({ broker }) => broker.sessions.subjects.size },
  { name: 'xmlblaster_topics', help: 'Topics', value: ({ broker }) => broker.topics.size },
  { name: 'xmlblaster_subscriptions', help: 'Subscriptions', value: ({ broker }) => broker.subscriptions.size },
  {
    name: 'xmlblaster_queue_entries',
    help: 'Updates that wait or are not acknowledged, of all sessions and users',
    value: ({ broker }) => broker.deliveryCounters.queued,
  },
  {
    name: 'xmlblaster_queue_bytes',
    help: 'Content bytes of these updates',
    value: ({ broker }) => broker.deliveryCounters.queuedBytes,
  },
  {
    name: 'xmlblaster_held_bytes',
    help: 'Bytes held by messages, queues, topics, subscriptions and half-read bodies',
    value: ({ broker }) => broker.account.heldBytes,
  },
  { name: 'xmlblaster_held_bytes_max', help: 'The bound of the held bytes', value: ({ broker }) => broker.account.maxBytes },
  {
    name: 'xmlblaster_unfiled_queries',
    help: 'Different XPaths of subscriptions that the index can make nothing of: every new topic is tested against them',
    value: ({ broker }) => broker.matching.unfiled,
  },
  { name: 'xmlblaster_timers', help: 'Timers that wait', value: ({ broker }) => broker.timers.size },
  {
    name: 'xmlblaster_store_durable',
    help: '1 when persistent messages survive a restart',
    value: ({ isDurable }) => Number(isDurable),
  },
  { name: 'xmlblaster_start_time_seconds', help: 'When it started, Unix time', value: ({ broker }) => broker.startedAt / MS },
  { name: 'process_resident_memory_bytes', help: 'Memory of the process', value: () => process.memoryUsage.rss() },
  { name: 'nodejs_heap_used_bytes', help: 'Heap in use', value: () => process.memoryUsage().heapUsed },
];

/** Numbers that only grow. */
const COUNTERS: readonly Numeric[] = [
  { name: 'xmlblaster_published_total', help: 'Publishes of clients', value: ({ broker }) => broker.counters.publish },
  {
    name: 'xmlblaster_delivered_total',
    help: 'Updates handed to clients, repetitions too',
    value: ({ broker }) => broker.deliveryCounters.updates,
  },
  { name: 'xmlblaster_gets_total', help: 'Gets', value: ({ broker }) => broker.counters.get },
  { name: 'xmlblaster_subscribes_total', help: 'Subscribes', value: ({ broker }) => broker.counters.subscribe },
  { name: 'xmlblaster_unsubscribes_total', help: 'UnSubscribes', value: ({ broker }) => broker.counters.unSubscribe },
  { name: 'xmlblaster_erases_total', help: 'Erases', value: ({ broker }) => broker.counters.erase },
  { name: 'xmlblaster_dead_messages_total', help: 'Dead messages', value: ({ broker }) => broker.deadMessages.count },
  {
    name: 'xmlblaster_xpath_exceeded_total',
    help: 'Evaluations of an XPath on a topic that took more steps than they may',
    value: ({ broker }) => broker.matching.exceeded,
  },
  { name: 'process_cpu_seconds_total', help: 'CPU time, user and system', value: () => cpuSeconds() },
];

/** What `GET /metrics` shows, in the format of Prometheus. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #loopDelay: IntervalHistogram;

  constructor(sources: MetricSources) {
    this.#loopDelay = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
    this.#loopDelay.enable();
    for (const numeric of GAUGES) this.#addGauge(numeric, sources);
    for (const numeric of COUNTERS) this.#addCounter(numeric, sources);
    this.#addConnections(sources);
    this.#addLoopDelay();
    this.#addInfo(sources);
    this.#addLatency(sources.broker.publishLatency);
  }

  async render(): Promise<{ readonly contentType: string; readonly body: string }> {
    return { contentType: this.#registry.contentType, body: await this.#registry.metrics() };
  }

  close(): void {
    this.#loopDelay.disable();
  }

  #addGauge({ name, help, value }: Numeric, sources: MetricSources): void {
    const gauge: Gauge = new Gauge({ name, help, registers: [this.#registry], collect: () => gauge.set(value(sources)) });
  }

  #addCounter({ name, help, value }: Numeric, sources: MetricSources): void {
    const collect = (): void => {
      counter.reset();
      counter.inc(value(sources));
    };
    const counter: Counter = new Counter({ name, help, registers: [this.#registry], collect });
  }

  #addConnections({ connections }: MetricSources): void {
    const collect = (): void => {
      gauge.reset();
      for (const [protocol, count] of connections()) gauge.set({ protocol }, count);
    };
    const help = 'Connections, by what they speak';
    const gauge: Gauge<'protocol'> = new Gauge({
      name: 'xmlblaster_connections',
      help,
      labelNames: ['protocol'],
      registers: [this.#registry],
      collect,
    });
  }

  /** Since the last time that somebody asked. */
  #addLoopDelay(): void {
    const delay = this.#loopDelay;
    const collect = (): void => {
      if (delay.count === 0) return;
      const late = (nanos: number): number => Math.max(0, nanos / NANOS - LOOP_RESOLUTION_MS / MS);
      for (const quantile of [50, 90, 99]) gauge.set({ quantile: `0.${quantile}` }, late(delay.percentile(quantile)));
      gauge.set({ quantile: '1' }, late(delay.max));
      delay.reset();
    };
    const gauge: Gauge<'quantile'> = new Gauge({
      name: 'nodejs_eventloop_delay_seconds',
      help: 'How late the event loop was since the last scrape',
      labelNames: ['quantile'],
      registers: [this.#registry],
      collect,
    });
  }

  #addInfo({ version, broker }: MetricSources): void {
    new Gauge({
      name: 'xmlblaster_info',
      help: 'Always 1; what runs here',
      labelNames: ['version', 'node', 'node_version'],
      registers: [this.#registry],
    }).set({ version, node: broker.nodeId, node_version: process.version }, 1);
  }

  /** The broker has the buckets already: a histogram of prom-client would want every single sample. */
  #addLatency(latency: PublishLatency): void {
    const name = 'xmlblaster_publish_duration_seconds';
    const help = 'Time until a publish can be answered, of one publish in 16';
    const get = async () => ({ name, help, type: 'histogram', aggregator: 'sum', values: latencyValues(name, latency) });
    this.#registry.registerMetric({ name, help, get } as unknown as Gauge);
  }
}

function latencyValues(name: string, { buckets, count, sumMs }: PublishLatency): object[] {
  let cumulated = 0;
  const values: object[] = PublishLatency.BOUNDS_MS.map((bound, index) => {
    cumulated += buckets[index] ?? 0;
    return { metricName: `${name}_bucket`, labels: { le: bound / MS }, value: cumulated };
  });
  values.push({ metricName: `${name}_bucket`, labels: { le: '+Inf' }, value: count });
  values.push({ metricName: `${name}_sum`, labels: {}, value: sumMs / MS });
  values.push({ metricName: `${name}_count`, labels: {}, value: count });
  return values;
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
