import { BrokerError } from '../model/error.ts';
import type { BoundedQueue } from './bounded-queue.ts';

/** Says that the queue of `owner` is full; which of its bounds it is, is the code. */
export function overflowError(owner: string, { size, bounds: { maxEntries, maxBytes } }: BoundedQueue): BrokerError {
  const code = size >= maxEntries ? 'resource.overflow.queue.entries' : 'resource.overflow.queue.bytes';
  return new BrokerError(code, overflowText(owner, maxEntries, maxBytes));
}

export function overflowText(owner: string, maxEntries: number, maxBytes: number): string {
  return `The queue of ${owner} is full (at most ${maxEntries} entries and ${maxBytes} bytes)`;
}
