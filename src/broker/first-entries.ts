/** The first items of a queue: at most `maxEntries` and `maxBytes` of content, the first one aside. */
export function firstEntries<T extends { readonly message: { readonly content: Buffer } }>(
  items: Iterable<T>,
  maxEntries: number,
  maxBytes: number,
): T[] {
  const first: T[] = [];
  let bytes = 0;
  if (maxEntries <= 0) return first;
  for (const item of items) {
    bytes += item.message.content.length;
    if (first.length > 0 && bytes > maxBytes) break;
    first.push(item);
    if (first.length >= maxEntries) break;
  }
  return first;
}
