import type { ClientException } from '../update-refusal.ts';

/**
 * The exception in the text of a fault. As in the original, a fault without an error code says that the client can not take updates
 * now.
 */
export function clientExceptionOf(fault: string): ClientException {
  const errorCode = /errorCode=\[?([\w.]+)/.exec(fault)?.[1] ?? 'user.update.holdback';
  return { errorCode, message: /message=\[?([^\]]*)/.exec(fault)?.[1] ?? fault };
}
