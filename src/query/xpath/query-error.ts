import { BrokerError } from '../../model/error.ts';

/**
 * BrokerError user.query.invalid whose message names the place: `XPath, column 5: unexpected ']'`.
 *
 * @param index where in `text`, UTF-16 units; the message counts characters from 1.
 */
export function queryError(problem: string, text: string, index: number): BrokerError {
  const column = Array.from(text.slice(0, index)).length + 1;
  return new BrokerError('user.query.invalid', `XPath, column ${column}: ${problem}`);
}
