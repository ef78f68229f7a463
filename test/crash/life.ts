import { setTimeout as delay } from 'node:timers/promises';
import { Refusal } from './frame-client.ts';
import type { Random } from './random.ts';
import type { Witness } from './witness.ts';

/** One life of the broker, as its clients see it. */
export class Life {
  readonly port: number;
  readonly witness: Witness;
  #isOver = false;

  constructor(port: number, witness: Witness) {
    this.port = port;
    this.witness = witness;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** The broker is about to end: from now on connections may be lost. */
  over(): void {
    this.#isOver = true;
  }

  /** Runs a client until the life is over. An error before that is one that the broker has to answer for. */
  async run(client: string, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (this.#isOver && (!(error instanceof Refusal) || SAID_AT_THE_END.includes(error.code))) return;
      this.witness.ledger.problem(`ERROR: ${client} in life ${this.witness.ledger.life}: ${describe(error)}`);
    }
  }

  pause(random: Random, mostMs: number): Promise<void> {
    return delay(random.between(0, mostMs));
  }
}

/** What a broker that shuts down in good order may say. */
const SAID_AT_THE_END: readonly string[] = ['communication.noConnection.serverDeny'];

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}
