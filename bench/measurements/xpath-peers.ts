import { createRequire } from 'node:module';
import { DOMParser, type Document } from '@xmldom/xmldom';
import { XmlDocument, XmlXPath } from 'libxml2-wasm';
import { createTopicDocument, type TopicDocument } from '../../src/query/xpath/topic-document.ts';
import { compileXPath, type XPathExpression } from '../../src/query/xpath/xpath-expression.ts';
import { writeExpressions, writeTopics, writeXml } from './xpath-mix.ts';

/** One way to test every topic against every expression. */
export interface PeerNumbers {
  readonly name: string;
  readonly usPerPair: number;
  readonly pairs: number;
  /** Pairs on which it says what we say. */
  readonly agreed: number;
}

/** The part of the package `xpath` that compiles; its own types leave it out. */
interface XPathLibrary {
  parse(text: string): { evaluate(options: { readonly node: Document }): { booleanValue(): boolean } };
}

/** What is used of fontoxpath and slimdom, whose own types bring all of lib.dom. */
interface FontoXPath {
  evaluateXPathToBoolean(text: string, node: SlimDocument): boolean;
}

interface Slimdom {
  parseXmlDocument(xml: string): SlimDocument;
}

type SlimDocument = object;

/** Evaluates compiled expressions on documents that are ready. */
interface Peer<E, D> {
  readonly name: string;
  compile(text: string): E;
  read(xml: string): D;
  matches(expression: E, document: D): boolean;
}

const SEED = 7;
const WARM_UPS = 1;

const require = createRequire(import.meta.url);
const library = require('xpath') as XPathLibrary;
const fontoxpath = require('fontoxpath') as FontoXPath;
const slimdom = require('slimdom') as Slimdom;
const parser = new DOMParser();

const XMLDOM: Peer<ReturnType<XPathLibrary['parse']>, Document> = {
  name: 'xpath + @xmldom/xmldom',
  compile: (text) => library.parse(text),
  read: (xml) => parser.parseFromString(xml, 'text/xml'),
  matches: (expression, node) => expression.evaluate({ node }).booleanValue(),
};

const FONTOXPATH: Peer<string, SlimDocument> = {
  name: 'fontoxpath + slimdom',
  compile: (text) => text, // it remembers by the text what it compiled
  read: (xml) => slimdom.parseXmlDocument(xml),
  matches(text, document) {
    try {
      return fontoxpath.evaluateXPathToBoolean(text, document);
    } catch {
      return false; // in XPath 3.1, the comparison of a number with what is none
    }
  },
};

const LIBXML2: Peer<XmlXPath, XmlDocument> = {
  name: 'libxml2-wasm',
  compile: (text) => XmlXPath.compile(`boolean(${text})`),
  read: (xml) => XmlDocument.fromString(xml),
  matches: (expression, document) => document.eval(expression) === true,
};

/** Each on the same `sample` expressions of the mix and some topics; ready documents and compiled expressions everywhere. */
export function measurePeers(sample: number): PeerNumbers[] {
  const texts = [...writeExpressions(sample, SEED)];
  const elements = [...writeTopics(Math.ceil(sample / 20), SEED + 1)];
  const xml = elements.map((element) => `<xmlBlaster>${writeXml(element)}</xmlBlaster>`);
  const documents = elements.map(createTopicDocument);
  const OURS: Peer<XPathExpression, TopicDocument> = {
    name: 'the evaluator of this broker',
    compile: (text) => compileXPath(text),
    read: (text) => documents[xml.indexOf(text)] as TopicDocument,
    matches: (expression, document) => expression.matches(document),
  };
  const expected = run(OURS, texts, xml).answers;
  return [
    report(OURS, texts, xml, expected),
    report(XMLDOM, texts, xml, expected),
    report(FONTOXPATH, texts, xml, expected),
    report(LIBXML2, texts, xml, expected),
  ];
}

function report<E, D>(
  peer: Peer<E, D>,
  texts: readonly string[],
  xml: readonly string[],
  expected: readonly boolean[],
): PeerNumbers {
  for (let i = 0; i < WARM_UPS; i++) run(peer, texts, xml);
  const { answers, us } = run(peer, texts, xml);
  const agreed = answers.filter((answer, i) => answer === expected[i]).length;
  return { name: peer.name, usPerPair: us / answers.length, pairs: answers.length, agreed };
}

function run<E, D>(peer: Peer<E, D>, texts: readonly string[], xml: readonly string[]) {
  const expressions = texts.map((text) => peer.compile(text));
  const documents = xml.map((text) => peer.read(text));
  const answers: boolean[] = [];
  const startedAt = performance.now();
  for (const document of documents) for (const expression of expressions) answers.push(peer.matches(expression, document));
  return { answers, us: (performance.now() - startedAt) * 1_000 };
}
