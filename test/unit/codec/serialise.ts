import fc from 'fast-check';
import type { XmlElement, XmlNode } from '../../../src/model/xml-element.ts';

/** Random trees, and random legal ways to write them down. */

const names = ['a', 'b', 'key', 'content', '__proto__', 'constructor', 'toString', 'a-b.1', 'été', '名', '_', '𐀀x'] as const;
const oddPieces = [
  '<',
  '>',
  '&',
  '"',
  "'",
  '\r',
  '\n',
  '\t',
  ' ',
  ']]>',
  ']',
  '&lt;',
  '&#65;',
  '<!--',
  '?>',
  'é',
  '😀',
  '\u0085',
  '\u2028',
  '\u2029',
  '\ufffd',
];
const text = fc
  .array(fc.oneof(fc.constantFrom(...oddPieces), fc.string({ unit: 'binary', maxLength: 3 }).map(legal)), { maxLength: 8 })
  .map((pieces) => pieces.join(''));

/** Elements with at most 4 levels; children and attributes are as the reader makes them. */
export const tree: fc.Arbitrary<XmlElement> = fc.letrec<{ element: XmlElement }>((tie) => ({
  element: fc.record({
    name: fc.constantFrom(...names),
    attributes: fc.uniqueArray(fc.record({ name: fc.constantFrom(...names), value: text }), {
      selector: ({ name }) => name,
      maxLength: 4,
    }),
    children: fc.array(fc.oneof({ maxDepth: 4 }, text, tie('element')), { maxLength: 4 }).map(mergeTexts),
  }),
})).element;

/** A stream of choices that `seed` decides. */
export type Choose = <T>(...options: readonly T[]) => T;

export function createChoose(seed: number): Choose {
  let state = seed | 0;
  return (...options) => {
    // mulberry32
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return options[((bits ^ (bits >>> 14)) >>> 0) % options.length] as (typeof options)[number];
  };
}

export function serialise(root: XmlElement, choose: Choose): string {
  const declaration = choose('', '', "<?xml version='1.0'?>", '<?xml version = "1.0"\n encoding="UTF-8" standalone=\'no\' ?>');
  return declaration + misc(choose) + writeElement(root, choose) + misc(choose);
}

function writeElement({ name, attributes, children }: XmlElement, choose: Choose): string {
  const written = attributes.map((attribute) => {
    const equals = choose('=', '=', ' = ', '\n=', '=\t');
    return `${choose(' ', ' ', '\n', '\t \r\n')}${attribute.name}${equals}${writeValue(attribute.value, choose)}`;
  });
  const start = `<${name}${written.join('')}${choose('', '', ' ', '\n')}`;
  if (children.length === 0 && choose(true, false)) return `${start}/>`;
  const inner = children.map((child) => writeNode(child, choose) + cut(choose));
  return `${start}>${cut(choose)}${inner.join('')}</${name}${choose('', '', ' ', '\r\n')}>`;
}

function writeNode(node: XmlNode, choose: Choose): string {
  if (typeof node !== 'string') return writeElement(node, choose);
  const characters = [...node];
  return characters
    .map((character, i) => writeCharacter(character, characters[i + 1], choose) + choose('', '', '', cut(choose)))
    .join('');
}

function writeCharacter(character: string, next: string | undefined, choose: Choose): string {
  const reference = writeReference(character, choose);
  if (character === '\r') return reference;
  if (character === '\n') return choose('\n', '\r\n', next === '\n' ? '\n' : '\r', '<![CDATA[\r\n]]>', reference);
  const plain = '<&>'.includes(character) ? reference : character;
  return choose(plain, plain, plain, reference, `<![CDATA[${character}]]>`);
}

function writeValue(value: string, choose: Choose): string {
  const quote = choose('"', "'");
  const characters = [...value].map((character) => {
    const reference = writeReference(character, choose);
    if ('<&\r\n\t'.includes(character) || character === quote) return reference;
    return character === ' ' ? choose(' ', '\t', '\n', '\r\n', reference) : choose(character, character, reference);
  });
  return quote + characters.join('') + quote;
}

const NAMED: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;', "'": '&apos;' };

function writeReference(character: string, choose: Choose): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  const numeric = choose(`&#${code};`, `&#x${hex};`, `&#x00${hex.toUpperCase()};`);
  return choose(NAMED[character] ?? numeric, numeric);
}

/** What may stand between nodes and is no part of the tree. */
function cut(choose: Choose): string {
  return choose('', '', '', '', '<!---->', "<!-- <a> & ]]> ' -->", '<?p?>', "<?p it's <b> & ?>", '<![CDATA[]]>');
}

function misc(choose: Choose): string {
  return choose('', '', '\n', ' \r\n', '<!-- <a> -->', '<?p "?>\t', '\n<!--x--><?q?>\n');
}

function legal(text: string): string {
  return text.replace(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '');
}

/** No empty texts, never two side by side. */
function mergeTexts(nodes: readonly XmlNode[]): XmlNode[] {
  const merged: XmlNode[] = [];
  for (const node of nodes) {
    const last = merged.at(-1);
    if (typeof node === 'string' && typeof last === 'string') merged[merged.length - 1] = last + node;
    else if (node !== '') merged.push(node);
  }
  return merged;
}
