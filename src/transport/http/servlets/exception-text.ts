import { shorten } from '../../../base/shorten.ts';
import type { BrokerError } from '../../../model/error.ts';

/** Clients of the original show all of it to people. */
const MAX_MESSAGE_CHARS = 1_000;

/** An error as the servlets of the original word it. */
export function exceptionText({ code, message }: BrokerError): string {
  return `XmlBlasterException errorCode=[${code}] message=[${shorten(message, MAX_MESSAGE_CHARS)}]`;
}
