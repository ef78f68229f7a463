/** What stands in a password file is not what may stand there; the message says what, not where. */
export class FormatError extends Error {}
