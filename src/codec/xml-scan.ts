import { shorten } from '../base/shorten.ts';
import { findBadReference, findIllegalCharacter } from '../base/xml-text.ts';
import { BrokerError } from '../model/error.ts';

export interface XmlLimits {
  /** The deepest nesting of elements, the root being 1. Default 256. */
  readonly maxDepth?: number;
  /** The most characters outside opaque elements. Default 262,144. */
  readonly maxMarkupChars?: number;
  /** Characters at the beginning that are not the sender's: positions in errors count from behind them. Default 0. */
  readonly prefixChars?: number;
  /** Whether the inside of element `name` below `ancestors` is somebody's data: checked, but not made a tree of. */
  readonly isOpaque?: (name: string, ancestors: readonly string[]) => boolean;
}

/** What the scan found out; elements are numbered in document order, those inside opaque ones not counted. */
export interface ScannedXml {
  /** The text without processing instructions, comments and the inside of opaque elements. */
  readonly markup: string;
  /** Per element: where its inside begins in the source text … */
  readonly innerStart: readonly number[];
  /** … and ends. */
  readonly innerEnd: readonly number[];
  /** The numbers of the opaque elements. */
  readonly opaque: ReadonlySet<number>;
}

/**
 * Checks in one linear pass what the XML parser does not: DTD, illegal characters and references, undeclared entities, tags that
 * do not match, a second root, `<` in attributes, text outside the root, duplicate attributes, depth.
 *
 * @throws BrokerError `user.illegalArgument` with line and column; `user.maxSizeExceed` for depth and markup bounds.
 */
export function scanXml(text: string, limits: XmlLimits): ScannedXml {
  return new Scanner(text, limits).scan();
}

// XML 1.0, production [4], but for U+1680 and U+FEFF, which are white space to fast-xml-parser.
const NAME_START =
  ':A-Z_a-z\\xc0-\\xd6\\xd8-\\xf6\\xf8-\\u02ff\\u0370-\\u037d\\u037f-\\u167f\\u1681-\\u1fff\\u200c\\u200d\\u2070-\\u218f\\u2c00-\\u2fef\\u3001-\\ud7ff\\uf900-\\ufdcf\\ufdf0-\\ufefe\\uff00-\\ufffd\\u{10000}-\\u{effff}';
const NAME = new RegExp(`[${NAME_START}][${NAME_START}\\-.0-9\\xb7\\u0300-\\u036f\\u203f\\u2040]*`, 'uy');
const SPACE = /[ \t\r\n]*/y;
const DECLARATION =
  /<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:'1\.[0-9]+'|"1\.[0-9]+")(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(?:'[A-Za-z][A-Za-z0-9._-]*'|"[A-Za-z][A-Za-z0-9._-]*"))?(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(?:'(?:yes|no)'|"(?:yes|no)"))?[ \t\r\n]*\?>/y;

const MAX_NAME_CHARS = 1024;
const MAX_ATTRIBUTES = 10_000;

class Scanner {
  readonly #text: string;
  readonly #maxDepth: number;
  readonly #maxMarkupChars: number;
  readonly #prefixChars: number;
  readonly #isOpaque: (name: string, ancestors: readonly string[]) => boolean;
  readonly #open: string[] = [];
  readonly #ordinals: number[] = [];
  readonly #innerStart: number[] = [];
  readonly #innerEnd: number[] = [];
  readonly #opaque = new Set<number>();
  readonly #kept: string[] = [];
  #at = 0;
  #keptUpTo = 0;
  #markupChars = 0;
  #hasRoot = false;
  /** The depth of the opaque element we are inside of, 0 outside. */
  #opaqueDepth = 0;

  constructor(text: string, limits: XmlLimits) {
    this.#text = text;
    this.#maxDepth = limits.maxDepth ?? 256;
    this.#maxMarkupChars = limits.maxMarkupChars ?? 262_144;
    this.#prefixChars = limits.prefixChars ?? 0;
    this.#isOpaque = limits.isOpaque ?? (() => false);
  }

  scan(): ScannedXml {
    const illegal = findIllegalCharacter(this.#text);
    if (illegal >= 0) throw this.#error(illegal, `the character U+${hex(this.#text, illegal)} is not allowed in XML`);
    this.#declaration();
    while (this.#at < this.#text.length) this.#next();
    const open = this.#open.at(-1);
    if (open !== undefined)
      throw this.#error(this.#at, `the document ends inside <${shorten(open)}>; close it with </${shorten(open)}>`);
    if (!this.#hasRoot) throw this.#error(this.#at, 'there is no element; an XML document needs exactly one root element');
    this.#keepUpTo(this.#text.length);
    return { markup: this.#kept.join(''), innerStart: this.#innerStart, innerEnd: this.#innerEnd, opaque: this.#opaque };
  }

  #declaration(): void {
    if (!/^<\?xml[ \t\r\n?]/.test(this.#text.slice(0, 6))) return;
    DECLARATION.lastIndex = 0;
    if (!DECLARATION.test(this.#text)) throw this.#error(0, 'the XML declaration is malformed');
    this.#at = DECLARATION.lastIndex;
    this.#keptUpTo = this.#at;
  }

  #next(): void {
    const text = this.#text;
    const found = text.indexOf('<', this.#at);
    const markupAt = found < 0 ? text.length : found;
    if (markupAt > this.#at) this.#characters(this.#at, markupAt);
    this.#at = markupAt;
    if (found < 0) return;
    const next = text.charCodeAt(found + 1);
    if (next === SLASH) this.#closeTag();
    else if (next === QUESTION) this.#processingInstruction();
    else if (next === EXCLAMATION) this.#declarationOrCdata();
    else this.#openTag();
  }

  #characters(from: number, to: number): void {
    const slice = this.#text.slice(from, to);
    if (this.#open.length === 0) {
      const odd = slice.search(/[^ \t\r\n]/);
      if (odd >= 0)
        throw this.#error(
          from + odd,
          this.#hasRoot ? 'there is text after the root element' : 'there is text before the root element',
        );
      return;
    }
    const bad = findBadReference(slice);
    if (bad >= 0) throw this.#error(from + bad, BAD_REFERENCE);
    const end = slice.indexOf(']]>');
    if (end >= 0) throw this.#error(from + end, '"]]>" is not allowed in text; write "]]&gt;"');
  }

  #openTag(): void {
    const start = this.#at;
    if (this.#opaqueDepth === 0) this.#checkMarkupChars(start);
    if (this.#open.length === 0 && this.#hasRoot) throw this.#error(start, 'there is a second root element');
    this.#at++;
    const name = this.#name('an element name');
    this.#attributes(name);
    const empty = this.#text.charCodeAt(this.#at) === SLASH;
    this.#at += empty ? 2 : 1;
    this.#hasRoot = true;
    if (this.#open.length >= this.#maxDepth) {
      throw new BrokerError('user.maxSizeExceed', `XML ${this.#where(start)}: elements are nested deeper than ${this.#maxDepth}`);
    }
    if (this.#opaqueDepth === 0) this.#begin(name, empty);
    if (!empty) this.#open.push(name);
  }

  /** Numbers an element that becomes part of the tree. */
  #begin(name: string, empty: boolean): void {
    const ordinal = this.#innerStart.length;
    this.#innerStart.push(this.#at);
    this.#innerEnd.push(this.#at);
    const opaque = this.#isOpaque(name, this.#open);
    if (opaque) this.#opaque.add(ordinal);
    if (empty) return;
    this.#ordinals.push(ordinal);
    if (!opaque) return;
    this.#keepUpTo(this.#at);
    this.#opaqueDepth = this.#open.length + 1;
  }

  #closeTag(): void {
    const start = this.#at;
    this.#at += 2;
    const name = this.#name('an element name');
    this.#skipSpace();
    if (this.#text.charCodeAt(this.#at) !== GREATER) throw this.#error(this.#at, `">" is missing after "</${shorten(name)}"`);
    const open = this.#open.at(-1);
    if (open === undefined) throw this.#error(start, `</${shorten(name)}> closes nothing`);
    if (open !== name) throw this.#error(start, `</${shorten(name)}> stands where </${shorten(open)}> is expected`);
    this.#at++;
    const depth = this.#open.length;
    this.#open.pop();
    if (this.#opaqueDepth !== 0 && depth !== this.#opaqueDepth) return;
    if (this.#opaqueDepth !== 0) this.#keptUpTo = start;
    this.#opaqueDepth = 0;
    const ordinal = this.#ordinals.pop();
    if (ordinal !== undefined) this.#innerEnd[ordinal] = start;
  }

  #attributes(element: string): void {
    const start = this.#at;
    const names: string[] = [];
    let seen: Set<string> | undefined;
    for (;;) {
      const before = this.#at;
      this.#skipSpace();
      const next = this.#text.charCodeAt(this.#at);
      if (next === GREATER || (next === SLASH && this.#text.charCodeAt(this.#at + 1) === GREATER)) return;
      if (this.#at >= this.#text.length) throw this.#error(this.#at, `the document ends inside the tag <${shorten(element)}`);
      if (before === this.#at) throw this.#error(this.#at, `a blank or ">" is missing in the tag <${shorten(element)}`);
      const nameAt = this.#at;
      const name = this.#attribute();
      if (names.push(name) > 8) seen ??= new Set(names.slice(0, -1));
      if (seen ? seen.has(name) : names.indexOf(name) < names.length - 1) {
        throw this.#error(nameAt, `the attribute ${shorten(name)} stands twice in <${shorten(element)}>`);
      }
      seen?.add(name);
      if (names.length > MAX_ATTRIBUTES) {
        throw new BrokerError(
          'user.maxSizeExceed',
          `XML ${this.#where(start)}: a tag has more than ${MAX_ATTRIBUTES} attributes`,
        );
      }
    }
  }

  #attribute(): string {
    const name = this.#name('an attribute name, ">" or "/>"');
    this.#skipSpace();
    if (this.#text.charCodeAt(this.#at) !== EQUALS)
      throw this.#error(this.#at, `"=" is missing after the attribute ${shorten(name)}`);
    this.#at++;
    this.#skipSpace();
    const quote = this.#text[this.#at];
    if (quote !== '"' && quote !== "'")
      throw this.#error(this.#at, `the value of attribute ${shorten(name)} must stand in quotes`);
    const start = this.#at + 1;
    const end = this.#text.indexOf(quote, start);
    if (end < 0) throw this.#error(this.#at, `the value of attribute ${shorten(name)} is not closed`);
    const value = this.#text.slice(start, end);
    const less = value.indexOf('<');
    if (less >= 0) throw this.#error(start + less, `"<" is not allowed in the value of attribute ${shorten(name)}; write "&lt;"`);
    const bad = findBadReference(value);
    if (bad >= 0) throw this.#error(start + bad, BAD_REFERENCE);
    this.#at = end + 1;
    return name;
  }

  #processingInstruction(): void {
    const start = this.#at;
    this.#at += 2;
    const target = this.#name('the name of a processing instruction');
    if (target.toLowerCase() === 'xml') throw this.#error(start, 'an XML declaration may stand only at the very beginning');
    if (!/^(?:[ \t\r\n]|\?>)/.test(this.#text.slice(this.#at, this.#at + 2))) {
      throw this.#error(this.#at, 'a blank or "?>" is missing after the name of a processing instruction');
    }
    this.#cut(start, '?>', 'the processing instruction is not closed');
  }

  #declarationOrCdata(): void {
    const start = this.#at;
    const text = this.#text;
    if (text.startsWith('<!--', start)) {
      this.#at += 4;
      const end = text.indexOf('--', this.#at);
      if (end >= 0 && text[end + 2] !== '>') throw this.#error(end, '"--" is not allowed inside a comment');
      this.#cut(start, '-->', 'the comment is not closed');
    } else if (text.startsWith('<![CDATA[', start)) {
      if (this.#open.length === 0) throw this.#error(start, 'there is text outside the root element');
      const end = text.indexOf(']]>', start);
      if (end < 0) throw this.#error(start, 'the CDATA section is not closed');
      this.#at = end + 3;
    } else if (/^<!doctype/i.test(text.slice(start, start + 9))) {
      throw this.#error(start, 'a document type (DTD) is refused; send the document without it');
    } else {
      throw this.#error(start, 'this markup declaration is not allowed here');
    }
  }

  /** Leaves out what begins at `start` and ends with the next `end`. */
  #cut(start: number, end: string, problem: string): void {
    const found = this.#text.indexOf(end, this.#at);
    if (found < 0) throw this.#error(start, problem);
    this.#at = found + end.length;
    if (this.#opaqueDepth !== 0) return;
    this.#keepUpTo(start);
    this.#keptUpTo = this.#at;
  }

  #keepUpTo(end: number): void {
    this.#checkMarkupChars(end);
    this.#markupChars += end - this.#keptUpTo;
    const kept = this.#text.slice(this.#keptUpTo, end);
    // What was cut may have stood between \r and \n, which then are two line ends.
    this.#kept.push(kept.endsWith('\r') ? `${kept.slice(0, -1)}\n` : kept);
    this.#keptUpTo = end;
  }

  #checkMarkupChars(end: number): void {
    if (this.#markupChars + end - this.#keptUpTo <= this.#maxMarkupChars) return;
    throw new BrokerError('user.maxSizeExceed', `The XML outside of <content> is longer than ${this.#maxMarkupChars} characters`);
  }

  #name(expected: string): string {
    NAME.lastIndex = this.#at;
    const name = NAME.exec(this.#text)?.[0];
    if (name === undefined) throw this.#error(this.#at, `${expected} is expected here`);
    if (name.length > MAX_NAME_CHARS) {
      throw new BrokerError(
        'user.maxSizeExceed',
        `XML ${this.#where(this.#at)}: a name is longer than ${MAX_NAME_CHARS} characters`,
      );
    }
    this.#at += name.length;
    return name;
  }

  #skipSpace(): void {
    SPACE.lastIndex = this.#at;
    SPACE.test(this.#text);
    this.#at = SPACE.lastIndex;
  }

  #where(at: number): string {
    let line = 1;
    let lineStart = this.#prefixChars;
    for (let i = lineStart; i < at; i++) {
      const code = this.#text.charCodeAt(i);
      if (code !== LINE_FEED && code !== RETURN) continue;
      if (code === RETURN || this.#text.charCodeAt(i - 1) !== RETURN) line++;
      lineStart = i + 1;
    }
    return `line ${line}, column ${at - lineStart + 1}`;
  }

  #error(at: number, problem: string): BrokerError {
    return new BrokerError('user.illegalArgument', `Malformed XML, ${this.#where(at)}: ${problem}`);
  }
}

const LINE_FEED = 0x0a;
const RETURN = 0x0d;
const SLASH = 0x2f;
const QUESTION = 0x3f;
const EXCLAMATION = 0x21;
const GREATER = 0x3e;
const EQUALS = 0x3d;
const BAD_REFERENCE =
  '"&" does not begin a known reference; write "&amp;" (only &amp; &lt; &gt; &quot; &apos; and numeric references exist)';

function hex(text: string, at: number): string {
  return (text.codePointAt(at) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}
