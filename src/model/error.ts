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
