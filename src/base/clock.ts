/** Where time comes from. Tests bring their own and move it by hand. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls `tick` about every `periodMs` until the returned function is called. Does not keep the process alive. */
  every(periodMs: number, tick: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  every(periodMs, tick) {
    const interval = setInterval(tick, periodMs);
    interval.unref();
    return () => clearInterval(interval);
  },
};
