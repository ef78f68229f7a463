/** Bytes of the JavaScript heap that are in use after a full garbage collection; needs `--expose-gc`. */
export function liveHeapBytes(): number {
  // Twice: what the first one finalises, the second one frees.
  global.gc?.();
  global.gc?.();
  return process.memoryUsage().heapUsed;
}
