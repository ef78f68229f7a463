/**
 * Parameters that a page of the original wrote with JavaScript's `escape`, in percent-encoded UTF-8: that function writes `é` as
 * `%E9` and `€` as `%u20AC`. What is UTF-8 already stays as it is.
 */
export function fromScriptEscapes(parameters: string): string {
  return parameters.replace(/[^&=?]+/g, (part) => (isUtf8(part) ? part : toUtf8(part)));
}

function isUtf8(part: string): boolean {
  try {
    decodeURIComponent(part);
    return true;
  } catch {
    return false;
  }
}

function toUtf8(part: string): string {
  const text = part.replace(/%u([0-9a-f]{4})|%([0-9a-f]{2})/gi, (_, unit: string | undefined, byte: string | undefined) =>
    String.fromCharCode(Number.parseInt(unit ?? byte ?? '', 16)),
  );
  return encodeURIComponent(text.replaceAll('+', ' ').toWellFormed());
}
