import { createHmac, randomBytes } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { Lru } from '../base/lru.ts';
import type { Authenticator, Credentials, Principal } from '../broker/ports.ts';
import { BrokerError } from '../model/error.ts';
import { GUEST } from '../model/session-name.ts';
import { BackOff } from './back-off.ts';
import type { PasswordEntry } from './password-entries.ts';
import { PasswordFile, type PasswordFileOptions } from './password-file.ts';
import { PasswordHasher } from './password-hasher.ts';
import { PasswordPrincipal } from './password-principal.ts';

/** Longer ones are wrong; bytes. Hashing takes longer the longer they are. */
const MAX_PASSWORD_BYTES = 1_024;
/** How long a right password is remembered, as a keyed digest; ms. A change of the file ends it. */
const REMEMBER_MS = 60_000;
const MAX_REMEMBERED = 10_000;

interface Accepted {
  readonly generation: number;
  readonly until: number;
}

/** Checks names and passwords against a password file (README, "Passwords"). */
export class PasswordAuthenticator implements Authenticator {
  readonly #file: PasswordFile;
  readonly #clock: Clock;
  readonly #backOff: BackOff;
  readonly #hasher = new PasswordHasher();
  readonly #digestKey = randomBytes(32);
  readonly #accepted = new Lru<string, Accepted>(MAX_REMEMBERED, MAX_REMEMBERED);
  /** Checks under way: who asks for the same meanwhile waits for the same. */
  readonly #checks = new Map<string, Promise<void>>();

  private constructor(file: PasswordFile, clock: Clock) {
    this.#file = file;
    this.#clock = clock;
    this.#backOff = new BackOff(clock);
  }

  /** Rejects with PasswordFileError. */
  static async open(options: PasswordFileOptions, clock: Clock, logger: Logger): Promise<PasswordAuthenticator> {
    return new PasswordAuthenticator(await PasswordFile.open(options, clock, logger), clock);
  }

  get isOpen(): boolean {
    return this.#file.isOpen;
  }

  async authenticate({ user = GUEST, password, address = '' }: Credentials): Promise<Principal> {
    if (!needsNoPassword(this.#file.find(user))) {
      if (password === undefined) throw denied(NO_PASSWORD);
      await this.#check(user, password, address);
    }
    if (this.#file.find(user)?.rights.mayConnect !== false) return new PasswordPrincipal(user, this.#file);
    throw new BrokerError('user.security.authorization.notAuthorized', `${user} may not connect`);
  }

  recall(user: string): Principal {
    return new PasswordPrincipal(user, this.#file);
  }

  close(): void {
    this.#file.close();
    this.#backOff.close();
    this.#hasher.close();
  }

  #check(user: string, password: string, address: string): Promise<void> | undefined {
    const digest = createHmac('sha256', this.#digestKey).update(`${user}\0${password}`).digest('base64');
    if (this.#isAccepted(digest)) return undefined;
    const check = `${address} ${digest}`;
    const known = this.#checks.get(check);
    if (known !== undefined) return known;
    const started = this.#compare(user, password, address, digest).finally(() => this.#checks.delete(check));
    this.#checks.set(check, started);
    return started;
  }

  #isAccepted(digest: string): boolean {
    const accepted = this.#accepted.get(digest);
    return accepted?.generation === this.#file.generation && this.#clock.now() < accepted.until;
  }

  async #compare(user: string, password: string, address: string, digest: string): Promise<void> {
    await this.#file.refresh(); // whoever has just got a password may use it at once
    const { generation, anyHash } = this.#file;
    const entry = this.#file.find(user);
    if (needsNoPassword(entry)) return;
    this.#backOff.admit(address);
    const hash = Buffer.byteLength(password) > MAX_PASSWORD_BYTES ? undefined : (entry?.hash ?? anyHash);
    const isRight = hash !== undefined && (await this.#hasher.verify(password, hash, () => this.#backOff.admit(address)));
    if (isRight && entry !== undefined) {
      this.#backOff.forgive(address, user);
      this.#accepted.set(digest, { generation, until: this.#clock.now() + REMEMBER_MS }, 1);
      return;
    }
    await this.#backOff.serve(address, user);
    throw denied(WRONG);
  }
}

function needsNoPassword(entry: PasswordEntry | undefined): boolean {
  return entry !== undefined && entry.hash === undefined;
}

function denied(message: string): BrokerError {
  return new BrokerError('user.security.authentication.accessDenied', message);
}

const WRONG = 'The user or the password is wrong';
const NO_PASSWORD = 'A user and a password are needed: Authorization: Basic, or <securityService> in the QoS of connect';
