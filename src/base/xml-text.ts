/** Text in XML: what is legal, how references are decoded, how text is written (XML 1.0). */

const REFERENCE = /&(?:(amp|lt|gt|quot|apos)|#0*([0-9]{1,7})|#x0*([0-9a-fA-F]{1,6}));/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0, production [2] Char, is what this line is about
const ILLEGAL_CHARACTER = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/;

/** Decodes the five predefined entities and numeric references, each exactly once. `text` has passed the scan: all are legal. */
export function decodeReferences(text: string): string {
  if (!text.includes('&')) return text;
  // What these four stand for cannot become part of another reference, and plain replacements are ten times faster.
  const rest = text
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&apos;/g, "'");
  if (!rest.includes('&#')) return rest.replace(/&amp;/g, '&');
  return rest.replace(REFERENCE, (_, __, decimal: string | undefined, hex: string | undefined) => {
    if (decimal !== undefined) return String.fromCodePoint(Number.parseInt(decimal, 10));
    return hex !== undefined ? String.fromCodePoint(Number.parseInt(hex, 16)) : '&';
  });
}

/** The index of the first `&` in `text` that does not begin a legal reference, or -1. */
export function findBadReference(text: string): number {
  let index = text.indexOf('&');
  while (index >= 0) {
    REFERENCE.lastIndex = index;
    const match = REFERENCE.exec(text);
    if (match?.index !== index || !isLegalReference(match)) return index;
    index = text.indexOf('&', index + 1);
  }
  return -1;
}

function isLegalReference(match: RegExpExecArray): boolean {
  if (match[1] !== undefined) return true;
  const code = match[2] !== undefined ? Number.parseInt(match[2], 10) : Number.parseInt(match[3] ?? '', 16);
  return code <= 0x10ffff && isXmlText(String.fromCodePoint(code));
}

/** The index of the first character that XML 1.0 forbids, or -1. */
export function findIllegalCharacter(text: string): number {
  const index = text.search(ILLEGAL_CHARACTER);
  if (index >= 0 || text.isWellFormed()) return index;
  return text.search(/[\ud800-\udfff]/u);
}

/** Whether `text` can stand in an XML document at all, escaped where needed. */
export function isXmlText(text: string): boolean {
  return !ILLEGAL_CHARACTER.test(text) && text.isWellFormed();
}

// U+0085, U+2028 and U+2029 are line ends to some readers (as the first two are in XML 1.1).
const TEXT_ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '\r': '&#13;',
  '\u0085': '&#133;',
  '\u2028': '&#8232;',
  '\u2029': '&#8233;',
};
const ATTRIBUTE_ESCAPES: Readonly<Record<string, string>> = {
  ...TEXT_ESCAPES,
  "'": '&apos;',
  '"': '&quot;',
  '\n': '&#10;',
  '\t': '&#9;',
};

/** `text` as element content that reads back to the same string. */
export function escapeText(text: string): string {
  if (!/[&<>\r\u0085\u2028\u2029]/.test(text)) return text;
  return text.replace(/[&<>\r\u0085\u2028\u2029]/g, (character) => TEXT_ESCAPES[character] ?? '');
}

/** `text` as an attribute value, for either kind of quote, that reads back to the same string. */
export function escapeAttribute(text: string): string {
  if (!/[&<>\r'"\n\t\u0085\u2028\u2029]/.test(text)) return text;
  return text.replace(/[&<>\r'"\n\t\u0085\u2028\u2029]/g, (character) => ATTRIBUTE_ESCAPES[character] ?? '');
}

/** Whether `text` has line ends that XML readers change unless they stand as references. */
export function hasOddLineEnds(text: string): boolean {
  return /[\r\u0085\u2028\u2029]/.test(text);
}

/** `text` in CDATA (split where `]]>` stands in it); for text that `hasOddLineEnds` does not hold of. */
export function wrapCdata(text: string): string {
  return `<![CDATA[${text.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`;
}
