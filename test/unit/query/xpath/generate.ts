import fc from 'fast-check';
import type { XmlElement, XmlNode } from '../../../../src/model/xml-element.ts';
import { plain } from './oracle.ts';

/** The same expression twice: as we read it, and as the oracle must read it. */
export interface Pair {
  readonly ours: string;
  readonly theirs: string;
}

/** The first ones often, so that expressions meet what documents hold. */
export const NAMES = ['a', 'a', 'a', 'b', 'b', 'p:a', 'p:a', 'p:b', 'q:a', 'a-b', 'div', 'constructor', '__proto__'];
export const ATTRIBUTE_NAMES = ['id', 'n', 'p:id', 'xmlns', 'and', 'toString'];
export const TEXTS = [
  '1',
  '2',
  '12',
  '3.5',
  '-1',
  ' 7 ',
  '1.',
  '.5',
  '1e3',
  '0x10',
  '+1',
  'NaN',
  'x',
  'a',
  'ab',
  'p:a',
  'x y',
  ' a  b ',
  '\t\n',
  'é',
  '\u00A01',
];
const LITERALS = [...TEXTS, '', 'b', ':', 'key', 'true', 'false'];

/** Keys of up to some 25 nodes, four levels deep, with odd names and values that look like numbers. */
export const keys: fc.Arbitrary<XmlElement> = fc
  .letrec<{ element: XmlElement; children: XmlNode[] }>((tie) => ({
    element: fc.record({ name: fc.constantFrom(...NAMES), attributes: attributes(), children: tie('children') }),
    children: fc
      .array(fc.oneof({ maxDepth: 4, depthIdentifier: 'tree' }, fc.constantFrom(...TEXTS), tie('element'), tie('element')), {
        maxLength: 4,
        depthIdentifier: 'tree',
      })
      .map(withoutNeighbouringTexts),
  }))
  .element.map((element) => ({ ...element, name: 'key' }));

function attributes() {
  const attribute = fc.record({ name: fc.constantFrom(...ATTRIBUTE_NAMES), value: fc.constantFrom('', ...TEXTS) });
  return fc.uniqueArray(attribute, { maxLength: 3, selector: ({ name }) => name });
}

function withoutNeighbouringTexts(children: readonly XmlNode[]): XmlNode[] {
  return children.filter((child, index) => typeof child !== 'string' || typeof children[index - 1] !== 'string');
}

/** `template('count(', set, ')')`: strings stand for themselves, pairs for both of their readings. */
export function template(...parts: readonly (string | Pair)[]): Pair {
  return {
    ours: parts.map((part) => (typeof part === 'string' ? part : part.ours)).join(''),
    theirs: parts.map((part) => (typeof part === 'string' ? part : part.theirs)).join(''),
  };
}

const AXES = [
  'ancestor',
  'ancestor-or-self',
  'descendant',
  'descendant-or-self',
  'following',
  'following-sibling',
  'parent',
  'preceding',
  'preceding-sibling',
  'self',
];
/** White space is legal between any two tokens (section 3.7), but the oracle's own tokeniser rejects some of it. */
const space = fc.constantFrom('', '', '', '', ' ', '\n\t').map((ours): Pair => ({ ours, theirs: '' }));

export function nameTest(names: readonly string[]): fc.Arbitrary<Pair> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...names).map((name) => ({ ours: name, theirs: plain(name) })) },
    { weight: 5, arbitrary: fc.constant(template('*')) },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom('p', 'q')
        .map((prefix) => ({ ours: `${prefix}:*`, theirs: `*[starts-with(name(),'${plain(`${prefix}:`)}')]` })),
    },
  );
}

const nodeType = fc
  .constantFrom(
    'node()',
    'node()',
    'node()',
    'node()',
    'text()',
    'comment()',
    'processing-instruction()',
    "processing-instruction('a')",
  )
  .map((text) => template(text));

const elementTest = nameTest([...NAMES, 'key', 'xmlBlaster']);
const step: fc.Arbitrary<Pair> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(fc.constantFrom('', 'child::'), elementTest)
      .map(([axis, test]) => template({ ours: axis, theirs: 'child::' }, test)),
  },
  { weight: 3, arbitrary: nameTest(ATTRIBUTE_NAMES).map((test) => template({ ours: '@', theirs: 'attribute::' }, test)) },
  {
    weight: 5,
    arbitrary: fc
      .tuple(fc.constantFrom(...AXES), space, fc.oneof({ weight: 2, arbitrary: elementTest }, nodeType))
      .map(([axis, blank, test]) => template(axis, blank, '::', test)),
  },
  { weight: 1, arbitrary: nodeType },
);

const literal = fc.constantFrom(...LITERALS).map((text) => ({ ours: `'${text}'`, theirs: `"${plain(text)}"` }));
const numeral = fc.constantFrom('0', '1', '2', '3', '1.5', '.5', '10', '7').map((text) => template(text));

interface Grammar {
  nodeSet: Pair;
  text: Pair;
  number: Pair;
  boolean: Pair;
  predicate: Pair;
  steps: Pair;
  scalar: Pair;
  comparison: Pair;
}

type Arb = fc.Arbitrary<Pair>;
type Tie = fc.LetrecTypedTie<Grammar>;

const ORDER = ['<', '<=', '>', '>='];
const SMALL = { maxDepth: 4, depthIdentifier: 'expression' } as const;

const grammar = fc.letrec<Grammar>((tie) => ({
  predicate: predicate(tie),
  steps: steps(tie),
  nodeSet: nodeSet(tie),
  text: text(tie),
  number: number(tie),
  boolean: boolean(tie),
  comparison: comparison(tie),
  scalar: scalar(tie),
}));

function scalar(tie: Tie): Arb {
  return fc.oneof(SMALL, tie('text'), tie('number'), tie('boolean'));
}

function words(...texts: string[]): Arb {
  return fc.constantFrom(...texts).map((each) => template(each));
}

function call(name: string, ...args: Arb[]): Arb {
  return fc.tuple(space, space, fc.tuple(...args)).map(([before, after, values]) => {
    const list = values.flatMap((value, index) => (index === 0 ? [value] : [', ', value]));
    return template(name, before, '(', after, ...list, ')');
  });
}

function infix(left: Arb, operators: readonly string[], right: Arb): Arb {
  return fc
    .tuple(left, fc.constantFrom(...operators), right)
    .map(([a, operator, b]) => template('(', a, ` ${operator} `, b, ')'));
}

function anyOf(tie: Tie): Arb {
  return fc.oneof(tie('nodeSet'), tie('scalar'));
}

function predicate(tie: Tie): Arb {
  const attributeIs = fc
    .tuple(nameTest(ATTRIBUTE_NAMES), literal)
    .map(([name, value]) => template({ ours: '@', theirs: 'attribute::' }, name, '=', value));
  const position = words('last()', 'position()=1', 'position()=last()', 'position()>1', 'last()-1', 'position() mod 2');
  return fc
    .oneof(
      SMALL,
      words('1', '1', '2', '3', '1.5'),
      position,
      attributeIs,
      tie('nodeSet'),
      tie('boolean'),
      tie('number'),
      tie('text'),
    )
    .map((inner) => template('[', inner, ']'));
}

function steps(tie: Tie): Arb {
  const predicates = fc.oneof(
    { weight: 3, arbitrary: fc.constant<Pair[]>([]) },
    { weight: 2, arbitrary: fc.array(tie('predicate'), { minLength: 1, maxLength: 2, depthIdentifier: 'expression' }) },
  );
  const full = fc.tuple(step, predicates).map(([test, list]) => template(test, ...list));
  const one = fc.oneof({ weight: 6, arbitrary: full }, { weight: 1, arbitrary: words('.', '..') });
  return fc
    .array(fc.tuple(fc.constantFrom('/', '/', '//'), one), { minLength: 1, maxLength: 3, depthIdentifier: 'expression' })
    .map((list) => template(...list.flatMap(([slash, each], index) => (index === 0 ? [each] : [slash, each]))));
}

function nodeSet(tie: Tie): Arb {
  const union = fc.tuple(tie('nodeSet'), tie('nodeSet')).map(([a, b]) => template('(', a, '|', b, ')'));
  const filter = fc.tuple(tie('nodeSet'), tie('predicate')).map(([set, filtered]) => template('(', set, ')', filtered));
  const onward = fc.tuple(tie('nodeSet'), fc.constantFrom('/', '//'), tie('steps'));
  return fc.oneof(
    SMALL,
    // In brackets, because `/ or` and `/ *` begin a step (section 3.7).
    { weight: 1, arbitrary: words('(/)', '//*', '//@*', '.', '..', '//text()', '//node()') },
    {
      weight: 4,
      arbitrary: fc
        .tuple(fc.constantFrom('', '/', '//', '//', '//', '//', '//'), tie('steps'))
        .map(([start, rest]) => template(start, rest)),
    },
    { weight: 1, arbitrary: union },
    { weight: 1, arbitrary: filter },
    { weight: 1, arbitrary: onward.map(([set, slash, rest]) => template('(', set, ')', slash, rest)) },
  );
}

function text(tie: Tie): Arb {
  const any = anyOf(tie);
  return fc.oneof(
    SMALL,
    literal,
    // local-name() of a text or the root is '' (section 4.1), the oracle says '#text'; our local-name() is name() anyway.
    fc
      .tuple(fc.constantFrom('name', 'local-name'), tie('nodeSet'))
      .map(([ours, set]) => template({ ours, theirs: 'name' }, '(', set, ')')),
    words('name()', 'string()', 'normalize-space()'),
    call('string', any),
    call('concat', tie('text'), tie('nodeSet')),
    call('concat', tie('text'), any, tie('text')),
    call('substring-before', any, tie('text')),
    call('substring-after', any, tie('text')),
    // Section 4.2 knows NaN, negative lengths and negative starts; the oracle hands them to String.substring, which swaps them.
    call('substring', any, numeral),
    call('substring', any, numeral, numeral),
    call('normalize-space', any),
    call('translate', any, tie('text'), tie('text')),
  );
}

function number(tie: Tie): Arb {
  const any = anyOf(tie);
  return fc.oneof(
    SMALL,
    numeral,
    call('count', tie('nodeSet')),
    call('string-length', any),
    call('number', any),
    call('sum', tie('nodeSet')),
    call('floor', any),
    call('ceiling', any),
    call('round', any),
    words('position()', 'last()', 'number()', 'string-length()'),
    infix(any, ['+', '-', '*', 'div', 'mod'], any),
    any.map((operand) => template('(-', operand, ')')),
    any.map((operand) => template('(- -', operand, ')')),
  );
}

function boolean(tie: Tie): Arb {
  const any = anyOf(tie);
  return fc.oneof(
    SMALL,
    words('true()', 'false()'),
    tie('comparison'),
    infix(any, ['and', 'or'], any),
    fc.tuple(any, any, any).map(([a, b, c]) => template('(', a, ' or ', b, ' or ', c, ')')),
    call('not', any),
    call('boolean', any),
    call('contains', any, any),
    call('starts-with', any, any),
  );
}

function comparison(tie: Tie): Arb {
  const any = anyOf(tie);
  const value = fc.oneof(tie('text'), tie('number'));
  const notBoolean = fc.oneof(tie('nodeSet'), value);
  return fc.oneof(
    SMALL,
    infix(any, ['=', '!='], any),
    infix(tie('nodeSet'), ['=', '!='], tie('nodeSet')),
    infix(notBoolean, ORDER, notBoolean),
    infix(numeral, [...ORDER, '=', '!='], tie('nodeSet')),
    infix(words('//@*', '//text()'), ORDER, numeral),
    infix(numeral, ORDER, words('//@*', '//text()')),
    // A boolean ordered against a node-set makes the whole set a boolean (section 3.4); the oracle compares node by node, so not these.
    infix(tie('boolean'), ORDER, value),
    infix(value, ORDER, tie('boolean')),
    infix(tie('boolean'), ORDER, tie('boolean')),
  );
}

/** Expressions over all of XPath 1.0 but id(), lang(), namespace-uri() and the namespace axis, which mean something else here. */
export const expressions: fc.Arbitrary<Pair> = fc.oneof(
  { weight: 3, arbitrary: grammar.nodeSet },
  { weight: 2, arbitrary: grammar.scalar },
);
