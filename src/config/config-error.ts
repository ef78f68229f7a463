/** A configuration that cannot be: the message is the sentence for the user. */
export class ConfigError extends Error {}
