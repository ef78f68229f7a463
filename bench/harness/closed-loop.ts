import { type HttpConnection, isSuccess } from './http-connection.ts';
import { readCpuMs } from './process-usage.ts';
import type { ServerProcess } from './server-process.ts';

/** What came of keeping every connection busy with one request after the other. */
export interface LoopResult {
  readonly requestsPerS: number;
  /** CPU time of the server per request; µs. Unlike the rate, it hardly depends on what else the machine does. */
  readonly serverCpuUs: number;
  /** Share of one core that this process used: near 1, the load generator is what is being measured. */
  readonly clientLoad: number;
}

/** Sends `request` on all connections for `durationMs`, each time as soon as the answer is there. Rejects unless all is 2xx. */
export async function runClosedLoop(
  server: ServerProcess,
  connections: readonly HttpConnection[],
  request: Buffer,
  durationMs: number,
): Promise<LoopResult> {
  const clientStart = process.cpuUsage();
  const serverStart = readCpuMs(server.pid);
  const start = performance.now();
  const loop = { count: 0, isOver: false };
  const timer = setTimeout(() => {
    loop.isOver = true;
  }, durationMs);
  try {
    await Promise.all(connections.map((connection) => keepBusy(connection, request, loop)));
  } finally {
    clearTimeout(timer);
  }
  const elapsedMs = performance.now() - start;
  const client = process.cpuUsage(clientStart);
  return {
    requestsPerS: (loop.count * 1000) / elapsedMs,
    serverCpuUs: ((readCpuMs(server.pid) - serverStart) * 1000) / loop.count,
    clientLoad: (client.user + client.system) / 1000 / elapsedMs,
  };
}

function keepBusy(connection: HttpConnection, request: Buffer, loop: { count: number; isOver: boolean }): Promise<void> {
  return new Promise((resolve, reject) => {
    const next = (): void => {
      connection.send(
        request,
        (reply) => {
          loop.count++;
          if (!isSuccess(reply)) reject(new Error(`The server answered: ${reply.text.slice(0, 500)}`));
          else if (loop.isOver) resolve();
          else next();
        },
        reject,
      );
    };
    next();
  });
}
