import type { Principal, TopicVerb } from '../broker/ports.ts';
import type { QueryKey } from '../model/query.ts';
import type { PasswordEntry } from './password-entries.ts';
import type { PasswordFile } from './password-file.ts';

/** A user who knew the password. What it may do is what the file says now; nothing, once its line is gone. */
export class PasswordPrincipal implements Principal {
  readonly user: string;
  readonly #file: PasswordFile;
  #generation = -1;
  #known: PasswordEntry | undefined;

  constructor(user: string, file: PasswordFile) {
    this.user = user;
    this.#file = file;
  }

  get isAdmin(): boolean {
    return this.#entry?.rights.isAdmin ?? false;
  }

  owns(subject: string): boolean {
    return subject === this.user;
  }

  isAllowed(verb: TopicVerb, key: QueryKey | undefined): boolean {
    return this.#entry?.rights.isAllowed(verb, key) ?? false;
  }

  get #entry(): PasswordEntry | undefined {
    if (this.#generation !== this.#file.generation) {
      this.#known = this.#file.find(this.user);
      this.#generation = this.#file.generation;
    }
    return this.#known;
  }
}
