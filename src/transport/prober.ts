import type { Duplex } from 'node:stream';
import { type Protocol, recognise } from './recognise.ts';

/** Takes over a connection: it is paused, and every byte that arrived is there to be read. */
export type Accept = (stream: Duplex, protocol: Protocol | 'unknown') => void;

/** Looks at the first bytes of connections and hands them over. */
export class Prober {
  readonly #timeoutMs: number;
  readonly #accept: Accept;
  readonly #undecided = new Set<Duplex>();

  /** `timeoutMs`: how long a connection may stay silent, or send bytes that say nothing. */
  constructor(timeoutMs: number, accept: Accept) {
    this.#timeoutMs = timeoutMs;
    this.#accept = accept;
  }

  /** Waits for the bytes that tell what `stream` speaks; also used inside TLS. */
  probe(stream: Duplex): void {
    let seen: Buffer = Buffer.alloc(0);
    const onData = (chunk: Buffer): void => {
      seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
      const recognised = recognise(seen);
      if (!recognised) return;
      stop();
      stream.pause();
      stream.unshift(seen.subarray(recognised.skip));
      this.#accept(stream, recognised.protocol);
    };
    const onGone = (): void => {
      stop();
      stream.destroy();
    };
    const stop = (): void => {
      clearTimeout(timer);
      this.#undecided.delete(stream);
      stream.off('data', onData).off('end', onGone).off('close', onGone);
    };
    const timer = setTimeout(onGone, this.#timeoutMs);
    timer.unref();
    this.#undecided.add(stream);
    stream.on('data', onData).on('end', onGone).on('close', onGone);
  }

  /** Cuts off those that have not said yet what they speak. */
  close(): void {
    for (const stream of this.#undecided) stream.destroy();
  }
}
