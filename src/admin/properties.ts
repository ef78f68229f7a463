import { BrokerError } from '../model/error.ts';

/** Properties that are set at run time: how many, and how long; characters. */
const MAX_PROPERTIES = 1_000;
const MAX_NAME_CHARS = 256;
const MAX_VALUE_CHARS = 4_096;

/**
 * The texts behind `sysprop/?NAME`: the configuration of this start, which stays as it is, and what was set since, for status
 * pages and the like.
 */
export class Properties {
  readonly #configured: ReadonlyMap<string, string>;
  readonly #set = new Map<string, string>();

  constructor(configured: ReadonlyMap<string, string>) {
    this.#configured = configured;
  }

  get names(): readonly string[] {
    return [...this.#configured.keys(), ...this.#set.keys()].sort();
  }

  get(name: string): string | undefined {
    return this.#configured.get(name) ?? this.#set.get(name);
  }

  /** @throws BrokerError `user.illegalArgument` for part of the configuration and for what is too long, `resource.exhaust`. */
  set(name: string, value: string): void {
    if (this.#configured.has(name)) {
      throw new BrokerError('user.illegalArgument', `${name} is configured when the broker starts, and can only be read`);
    }
    if (name.length > MAX_NAME_CHARS || value.length > MAX_VALUE_CHARS) {
      const bounds = `${MAX_NAME_CHARS} characters and its value ${MAX_VALUE_CHARS}`;
      throw new BrokerError('user.illegalArgument', `The name of a property has at most ${bounds}`);
    }
    if (!this.#set.has(name) && this.#set.size >= MAX_PROPERTIES) {
      throw new BrokerError('resource.exhaust', `There are ${MAX_PROPERTIES} properties; change one of them instead`);
    }
    this.#set.set(name, value);
  }
}
