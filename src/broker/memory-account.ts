import { BrokerError } from '../model/error.ts';

/** Counts the bytes that messages, queue entries, topics, subscriptions and half-read bodies hold, against one process-wide bound. */
export class MemoryAccount {
  readonly maxBytes: number;
  /** Called when something is refused; must not throw. */
  onFull: (() => void) | undefined;
  #heldBytes = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** @throws BrokerError `resource.exhaust` when `bytes` more do not fit; nothing is charged then. */
  require(bytes: number): void {
    if (this.#heldBytes + bytes <= this.maxBytes) return;
    this.onFull?.();
    throw new BrokerError(
      'resource.exhaust',
      `The broker holds ${this.#heldBytes} bytes and may hold ${this.maxBytes} (--max-bytes); read, acknowledge or erase messages, or try later`,
    );
  }

  charge(bytes: number): void {
    this.#heldBytes += bytes;
  }

  release(bytes: number): void {
    this.#heldBytes -= bytes;
  }
}
