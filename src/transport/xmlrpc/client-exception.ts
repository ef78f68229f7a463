import type { ClientException } from '../update-refusal.ts';

/** The exception in the text of a fault; `fallback` is the error code of one that has none. */
export function clientExceptionOf(fault: string, fallback: 'user.update.holdback' | 'user.update.error'): ClientException {
  const errorCode = /errorCode=\[?([\w.]+)/.exec(fault)?.[1] ?? fallback;
  return { errorCode, message: /message=\[?([^\]]*)/.exec(fault)?.[1] ?? fault };
}
