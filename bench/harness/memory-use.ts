import { readRssBytes, settle } from './process-usage.ts';
import type { ServerProcess } from './server-process.ts';

/** What one of many things costs; bytes. */
export interface MemoryUse {
  /** Growth of the resident memory, with the garbage that making them left behind. */
  readonly rssBytes: number;
  /** The same after a full garbage collection that the broker would not have made by itself yet. */
  readonly rssAfterGcBytes: number;
  /** Growth of what lives on the JavaScript heap. */
  readonly heapBytes: number;
  /** Growth of what lives outside it: Buffers, sockets. */
  readonly externalBytes: number;
}

/** Runs `make`, which makes `count` things that stay in the broker, between two looks at its memory while it is at rest. */
export async function measureMemory<T>(
  broker: ServerProcess,
  count: number,
  make: () => Promise<T>,
): Promise<{ readonly result: T; readonly use: MemoryUse }> {
  await settle(broker.pid);
  const heapBefore = await broker.heapUse();
  const rssBefore = readRssBytes(broker.pid);
  const result = await make();
  await settle(broker.pid);
  const rssAfter = readRssBytes(broker.pid);
  const heapAfter = await broker.heapUse();
  const use = {
    rssBytes: (rssAfter - rssBefore) / count,
    rssAfterGcBytes: (readRssBytes(broker.pid) - rssBefore) / count,
    heapBytes: (heapAfter.heapBytes - heapBefore.heapBytes) / count,
    externalBytes: (heapAfter.externalBytes - heapBefore.externalBytes) / count,
  };
  return { result, use };
}
