import type { Socket } from 'node:net';

/**
 * Calls `listener` when the client has closed its side: it may still read an answer, but most likely it is gone. Returns what stops
 * that.
 */
export function onGone(socket: Socket, listener: () => void): () => void {
  socket.once('end', listener).once('close', listener);
  if (socket.readableEnded || socket.destroyed) setImmediate(listener);
  return () => void socket.off('end', listener).off('close', listener);
}
