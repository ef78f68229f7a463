import { randomBytes } from 'node:crypto';
import type { Session } from '../../broker/session.ts';

/** Turns the numbers of handed-out deliveries into opaque cursors that are good for one session in one life of the broker. */
export class Cursors {
  readonly #life = randomBytes(6).toString('base64url');

  encode(session: Session, cursor: number): string {
    return `${this.#life}.${session.serial.toString(36)}.${cursor.toString(36)}`;
  }

  /** The number behind `text`; 0, which acknowledges nothing, for a cursor of another life, another session or nobody. */
  decode(session: Session, text: string): number {
    const [life, serial, cursor = ''] = text.split('.');
    if (life !== this.#life || serial !== session.serial.toString(36) || !/^[0-9a-z]{1,10}$/.test(cursor)) return 0;
    return Number.parseInt(cursor, 36);
  }
}
