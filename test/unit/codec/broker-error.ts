import { expect } from 'vitest';
import { BrokerError } from '../../../src/model/error.ts';

/** The code and message of the BrokerError that `run` throws; a message must be fit for people: one line, not long. */
export function refusalOf(run: () => unknown): { readonly code: string; readonly message: string } {
  try {
    run();
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error;
    expect(error.code).not.toMatch(/^internal/);
    expect(error.message.length).toBeLessThan(300);
    expect(error.message).not.toMatch(/[\r\n]/);
    return { code: error.code, message: error.message };
  }
  throw new Error('it was not refused');
}
