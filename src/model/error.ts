/**
 * The original's error codes that this broker answers with (protocol/error-codes.md has meaning and HTTP status of each).
 * Clients of every transport see exactly these strings.
 */
export type ErrorCode =
  | 'internal.unknown'
  | 'internal.stop'
  | 'resource.exhaust'
  | 'resource.overflow.queue.bytes'
  | 'resource.overflow.queue.entries'
  | 'resource.unavailable'
  | 'resource.outOfMemory'
  | 'user.configuration.maxSession'
  | 'user.connect.multiple'
  | 'user.illegalArgument'
  | 'user.maxSizeExceed'
  | 'user.message.invalid'
  | 'user.notConnected'
  | 'user.oid.unknown'
  | 'user.publish.readonly'
  | 'user.query.invalid'
  | 'user.query.type.invalid'
  | 'user.security.authentication.accessDenied'
  | 'user.security.authorization.notAuthorized'
  | 'user.subscribe.id'
  | 'user.subscribe.noCallback'
  | 'user.wrongApiUsage';

/** An expected failure: the code for programs, the message (what was wrong, where, what to do) for people. */
export class BrokerError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BrokerError';
    this.code = code;
  }
}
