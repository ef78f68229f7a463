import type { ServerResponse } from 'node:http';

/**
 * Calls `done` once: with true when all of the answer has left the process, with false when the client is gone before. A response
 * that waits behind another one on its connection never gets a socket and never closes, so the connection is watched too.
 */
export function onAnswered(response: ServerResponse, done: (hasLeft: boolean) => void): void {
  const { socket } = response.req;
  // A socket that is destroyed reports no error for what it has not written.
  let hasLeft = response.writableFinished && !socket.destroyed;
  const finish = (): void => {
    hasLeft = !socket.destroyed;
  };
  const settle = (): void => {
    response.off('finish', finish).off('close', settle);
    socket.off('close', settle);
    done(hasLeft);
  };
  if (response.closed || socket.destroyed) {
    done(hasLeft);
    return;
  }
  response.once('finish', finish).once('close', settle);
  socket.once('close', settle);
}
