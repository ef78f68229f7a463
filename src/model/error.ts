import type { ErrorCode } from './error-codes.ts';

/** An expected failure: the code for programs, the message (what was wrong, where, what to do) for people. */
export class BrokerError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BrokerError';
    this.code = code;
  }
}

/** For what comes while the broker ends, and can not be done any more. */
export function shuttingDown(): BrokerError {
  return new BrokerError('communication.noConnection.serverDeny', 'The broker is shutting down; connect again in a moment');
}
