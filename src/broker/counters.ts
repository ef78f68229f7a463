/** How often each verb was called; of a session, or of all since the start. Plain numbers: publishing must stay cheap. */
export class VerbCounters {
  publish = 0;
  subscribe = 0;
  unSubscribe = 0;
  get = 0;
  erase = 0;
}

/** Deliveries of all queues. */
export class DeliveryCounters {
  /** Handed to a channel since the start, repetitions too. */
  updates = 0;
  /** In the queues now, those that are not acknowledged too. */
  queued = 0;
  /** Content bytes of those in the queues. */
  queuedBytes = 0;
}

/** How long publishes take until they can be answered: a histogram of samples. */
export class PublishLatency {
  /** One publish of so many is timed. */
  static readonly SAMPLE_EVERY = 16;
  /** Upper bounds of the buckets, in ms; what takes longer is only in `count`. */
  static readonly BOUNDS_MS: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 50, 100, 500, 1_000];
  /** Samples per bucket, not cumulated. */
  readonly buckets: number[] = PublishLatency.BOUNDS_MS.map(() => 0);
  count = 0;
  sumMs = 0;

  /** Runs a publish, and times it until what it returns is there; one that fails is not counted. */
  time<T>(publish: () => T | Promise<T>): T | Promise<T> {
    const start = performance.now();
    const reply = publish();
    if (!(reply instanceof Promise)) this.#observe(performance.now() - start);
    else {
      reply.then(
        () => this.#observe(performance.now() - start),
        () => {}, // whoever publishes handles it
      );
    }
    return reply;
  }

  #observe(ms: number): void {
    const bucket = PublishLatency.BOUNDS_MS.findIndex((bound) => ms <= bound);
    if (bucket >= 0) this.buckets[bucket] = (this.buckets[bucket] ?? 0) + 1;
    this.count++;
    this.sumMs += ms;
  }
}
