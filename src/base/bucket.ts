/** None, one, or a set of things that are no sets themselves: most buckets hold one, and a set of one takes 200 bytes. */
export type Bucket<T> = T | Set<T> | undefined;

/** `bucket` with `item`. */
export function withItem<T>(bucket: Bucket<T>, item: T): Bucket<T> {
  if (bucket === undefined) return item;
  if (bucket instanceof Set) return bucket.add(item);
  return bucket === item ? bucket : new Set([bucket, item]);
}

/** `bucket` without `item`. */
export function withoutItem<T>(bucket: Bucket<T>, item: T): Bucket<T> {
  if (!(bucket instanceof Set)) return bucket === item ? undefined : bucket;
  bucket.delete(item);
  if (bucket.size > 1) return bucket;
  const [last] = bucket;
  return last;
}

export function sizeOf(bucket: Bucket<unknown>): number {
  if (bucket === undefined) return 0;
  return bucket instanceof Set ? bucket.size : 1;
}

/** What is in it, also while others come and go. */
export function itemsOf<T>(bucket: Bucket<T>): Iterable<T> {
  if (bucket === undefined) return [];
  return bucket instanceof Set ? bucket : [bucket];
}
