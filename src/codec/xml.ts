import { XMLParser } from 'fast-xml-parser';
import type { Lru } from '../base/lru.ts';
import { decodeReferences } from '../base/xml-text.ts';
import { BrokerError } from '../model/error.ts';
import type { XmlAttribute, XmlElement, XmlNode } from '../model/xml-element.ts';
import { type ScannedXml, scanXml, type XmlLimits } from './xml-scan.ts';

/** A document that was read, and the source text between the tags of those of its elements that were asked for. */
export interface XmlSource {
  readonly root: XmlElement;
  /** What stands between the tags of `element`, byte for byte as written; only for names in `keepSource` or opaque elements. */
  sourceOf(element: XmlElement): string;
}

export interface XmlOptions extends XmlLimits {
  /** Names of elements whose source text `sourceOf` can give back. */
  readonly keepSource?: readonly string[];
  /** Trees of recent documents by their markup, to be used again; one cache for one set of options. */
  readonly trees?: Lru<string, XmlTree>;
}

/** What the markup of a document means, wherever its texts stand in the source. */
export interface XmlTree {
  readonly root: XmlElement;
  /** The numbers of the elements whose source can be asked for. */
  readonly ordinals: ReadonlyMap<XmlElement, number>;
}

/**
 * Reads one XML document: the only reader for keys, QoS, scripts and XML-RPC.
 *
 * Legal is what XML 1.0 calls well-formed, without DTD (protocol/http.md, "XML"). Processing instructions and comments are
 * skipped. The tree holds nothing of an opaque element but its attributes. Time is linear in the length of `text`.
 *
 * @throws BrokerError `user.illegalArgument` naming line, column and what is wrong; `user.maxSizeExceed` beyond a bound.
 */
export function readXml(text: string, options: XmlOptions = {}): XmlSource {
  const scanned = scanXml(text, options);
  const { root, ordinals } = options.trees?.get(scanned.markup) ?? buildTree(scanned, options);
  return {
    root,
    sourceOf(element) {
      const ordinal = ordinals.get(element);
      if (ordinal === undefined) throw new BrokerError('internal.unknown', `The source of <${element.name}> was not kept`);
      return text.slice(scanned.innerStart[ordinal], scanned.innerEnd[ordinal]);
    },
  };
}

/** Longer documents are not expected to come again. */
const MAX_CACHED_CHARS = 8_192;

function buildTree(scanned: ScannedXml, { keepSource, trees }: XmlOptions): XmlTree {
  const ordinals = new Map<XmlElement, number>();
  const builder = new TreeBuilder(scanned, new Set(keepSource), ordinals);
  const tree = { root: builder.build(parser.parse(scanned.markup) as FxpNode[]), ordinals };
  if (scanned.markup.length <= MAX_CACHED_CHARS) trees?.set(scanned.markup, tree, scanned.markup.length);
  return tree;
}

// Names get a dot in front so that none of them is special to the parser or to JavaScript (`__proto__`, `constructor`). The
// parser applies this twice to empty elements, so all leading dots go away again; no XML name starts with one.
const NAME_PREFIX = '.';
const ATTRIBUTE_PREFIX = '@_';

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: ATTRIBUTE_PREFIX,
  cdataPropName: '#cdata',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  processEntities: false,
  ignoreDeclaration: true,
  transformTagName: (name) => NAME_PREFIX + name,
  maxNestedTags: Number.MAX_SAFE_INTEGER, // the scan has checked the depth
  jPath: false,
});

/** What fast-xml-parser makes with `preserveOrder`: `{ '.name': children, ':@': attributes }`, `{ '#text': … }` or `{ '#cdata': … }`. */
type FxpNode = { readonly ':@'?: Readonly<Record<string, string>> } & Readonly<Record<string, FxpNode[] | string>>;

class TreeBuilder {
  readonly #scanned: ScannedXml;
  readonly #keepNames: ReadonlySet<string>;
  readonly #keep: Map<XmlElement, number>;
  #ordinal = 0;

  constructor(scanned: ScannedXml, keepNames: ReadonlySet<string>, keep: Map<XmlElement, number>) {
    this.#scanned = scanned;
    this.#keepNames = keepNames;
    this.#keep = keep;
  }

  build(nodes: readonly FxpNode[]): XmlElement {
    const root = this.#children(nodes).find((node) => typeof node !== 'string');
    if (!root || this.#ordinal !== this.#scanned.innerStart.length) {
      throw new BrokerError('internal.unknown', 'The XML scanner and the XML parser disagree about a document');
    }
    return root;
  }

  #children(nodes: readonly FxpNode[]): XmlNode[] {
    const children: XmlNode[] = [];
    let text = '';
    for (const node of nodes) {
      const piece = textIn(node);
      if (piece !== undefined) {
        text += piece;
        continue;
      }
      if (text !== '') children.push(text);
      text = '';
      children.push(this.#element(node));
    }
    if (text !== '') children.push(text);
    return children;
  }

  #element(node: FxpNode): XmlElement {
    const ordinal = this.#ordinal++;
    const tag = Object.keys(node)[0] ?? '';
    const name = tag.replace(/^\.+/, '');
    const inner = node[tag];
    const children = typeof inner === 'object' ? this.#children(inner) : [];
    const element: XmlElement = { name, attributes: attributesIn(node[':@']), children };
    if (this.#keepNames.has(name) || this.#scanned.opaque.has(ordinal)) this.#keep.set(element, ordinal);
    return element;
  }
}

function textIn(node: FxpNode): string | undefined {
  const text = node['#text'];
  if (typeof text === 'string') return decodeReferences(text);
  const cdata = node['#cdata'];
  if (typeof cdata !== 'object') return undefined;
  const raw = cdata[0]?.['#text'];
  return typeof raw === 'string' ? raw : '';
}

const NO_ATTRIBUTES: readonly XmlAttribute[] = [];

function attributesIn(attributes: Readonly<Record<string, string>> | undefined): readonly XmlAttribute[] {
  if (!attributes) return NO_ATTRIBUTES;
  return Object.entries(attributes).map(([name, value]) => ({
    name: name.slice(ATTRIBUTE_PREFIX.length),
    value: decodeReferences(value.replace(/[\t\n]/g, ' ')),
  }));
}
