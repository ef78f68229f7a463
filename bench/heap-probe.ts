// Loaded into the measured broker with --import: answers over the IPC channel, so that the broker needs no address for it.

/** Bytes that are in use after a full garbage collection. */
export interface HeapUse {
  readonly heapBytes: number;
  /** Outside the JavaScript heap: Buffers and what native objects account for. */
  readonly externalBytes: number;
}

process.on('message', () => {
  // Twice: what the first one finalises, the second one frees.
  global.gc?.();
  global.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  process.send?.({ heapBytes: heapUsed, externalBytes: external } satisfies HeapUse);
});
process.once('disconnect', () => process.exit());
process.channel?.unref();
