/** Text in XML: what is legal, how references are decoded, how text is written (XML 1.0). */

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const REFERENCE = /&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,10})|#x([0-9a-fA-F]{1,8}));/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0, production [2] Char, is what this line is about
const ILLEGAL_CHARACTER = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/;

/** Decodes the five predefined entities and numeric references, each exactly once. `text` has passed the scan: all are legal. */
export function decodeReferences(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(REFERENCE, (_, name: string | undefined, decimal: string | undefined, hex: string | undefined) => {
    if (name !== undefined) return NAMED[name] ?? '';
    return String.fromCodePoint(decimal !== undefined ? Number.parseInt(decimal, 10) : Number.parseInt(hex ?? '', 16));
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

const TEXT_ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#13;' };
const ATTRIBUTE_ESCAPES: Readonly<Record<string, string>> = {
  ...TEXT_ESCAPES,
  "'": '&apos;',
  '"': '&quot;',
  '\n': '&#10;',
  '\t': '&#9;',
};

/** `text` as element content that reads back to the same string. */
export function escapeText(text: string): string {
  return /[&<>\r]/.test(text) ? text.replace(/[&<>\r]/g, (character) => TEXT_ESCAPES[character] ?? '') : text;
}

/** `text` as an attribute value, for either kind of quote, that reads back to the same string. */
export function escapeAttribute(text: string): string {
  if (!/[&<>\r'"\n\t]/.test(text)) return text;
  return text.replace(/[&<>\r'"\n\t]/g, (character) => ATTRIBUTE_ESCAPES[character] ?? '');
}

/** `text` in CDATA (split where `]]>` stands in it); for text without `\r`, which XML readers would change. */
export function wrapCdata(text: string): string {
  return `<![CDATA[${text.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`;
}
