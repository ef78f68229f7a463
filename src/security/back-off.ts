import type { Clock } from '../base/clock.ts';
import { Lru } from '../base/lru.ts';
import { TimerWheel } from '../base/timer-wheel.ts';
import { BrokerError } from '../model/error.ts';

/** Ms that the first wrong password waits for its answer; doubled with every further one. */
const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 8_000;
/** Of these failures of one address, whatever the users, one counts: many users may share an address. */
const FAILURES_PER_ADDRESS = 8;
/** Answers that wait for one address; while there are so many, its passwords are not looked at. */
const MAX_PENALTIES = 16;
/** Ms without a failure after which the earlier ones are forgotten. */
const MEMORY_MS = 600_000;
/** Users and addresses that are remembered. */
const MAX_REMEMBERED = 20_000;

interface Failures {
  readonly count: number;
  readonly lastAt: number;
}

/** Makes guessing slow: the answer to a wrong password waits, longer each time, by user at an address and by address. */
export class BackOff {
  readonly #clock: Clock;
  readonly #timers: TimerWheel;
  readonly #failures = new Lru<string, Failures>(MAX_REMEMBERED, MAX_REMEMBERED);
  /** The waiting answers of each address. */
  readonly #penalties = new Map<string, number>();
  readonly #release = new Set<() => void>();
  #isClosed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#timers = new TimerWheel(clock);
  }

  /** @throws BrokerError when too many wrong passwords of this address wait for their answers. */
  admit(address: string): void {
    if ((this.#penalties.get(address) ?? 0) < MAX_PENALTIES) return;
    throw new BrokerError(
      'user.security.authentication.accessDenied',
      `Too many wrong passwords came from ${address || 'there'}; try again in ${MAX_DELAY_MS / 1_000} s`,
    );
  }

  /** Resolves when the wrong password that `user` sent may be answered; at once after `close`. */
  async serve(address: string, user: string): Promise<void> {
    const byAddress = Math.ceil(this.#count(address) / FAILURES_PER_ADDRESS);
    const failures = Math.max(this.#count(pairOf(address, user)), byAddress);
    this.#penalties.set(address, (this.#penalties.get(address) ?? 0) + 1);
    if (!this.#isClosed) await this.#wait(Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), MAX_DELAY_MS));
    const left = (this.#penalties.get(address) ?? 0) - 1;
    if (left > 0) this.#penalties.set(address, left);
    else this.#penalties.delete(address);
  }

  /** The user knows the password after all. */
  forgive(address: string, user: string): void {
    this.#failures.delete(pairOf(address, user));
  }

  close(): void {
    this.#isClosed = true;
    this.#timers.close();
    for (const release of [...this.#release]) release();
  }

  #count(key: string): number {
    const now = this.#clock.now();
    const known = this.#failures.get(key);
    const count = (known && now - known.lastAt < MEMORY_MS ? known.count : 0) + 1;
    this.#failures.set(key, { count, lastAt: now }, 1);
    return count;
  }

  #wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const release = (): void => {
        this.#release.delete(release);
        resolve();
      };
      this.#release.add(release);
      this.#timers.start(delayMs, release);
    });
  }
}

/** Addresses have no blanks. */
function pairOf(address: string, user: string): string {
  return `${address} ${user}`;
}
