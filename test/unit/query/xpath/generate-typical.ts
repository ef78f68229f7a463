import fc from 'fast-check';
import { ATTRIBUTE_NAMES, NAMES, nameTest, type Pair, TEXTS, template } from './generate.ts';
import { plain } from './oracle.ts';

type Arb = fc.Arbitrary<Pair>;

const elementTest = nameTest([...NAMES, 'key']);
const attribute = nameTest(ATTRIBUTE_NAMES).map((name) => template({ ours: '@', theirs: 'attribute::' }, name));
const slash = words('/', '/', '//');

const path: Arb = fc
  .tuple(
    words('/xmlBlaster/key/', '/xmlBlaster/key//', '//', '//', '//', '/*/', '/*/*/', '//key/', '//*/'),
    fc.array(fc.tuple(elementTest, slash), { maxLength: 3 }),
    fc.oneof(elementTest, elementTest, attribute, words('text()', '*')),
  )
  .map(([start, steps, last]) => template(start, ...steps.flat(), last));

/** What a predicate may look at. */
const here: Arb = fc.oneof(
  { weight: 5, arbitrary: attribute },
  { weight: 2, arbitrary: elementTest },
  { weight: 2, arbitrary: words('.', 'text()', '*', './/text()', '..', 'self::node()') },
  { weight: 1, arbitrary: fc.tuple(elementTest, slash, fc.oneof(attribute, elementTest)).map((parts) => template(...parts)) },
  { weight: 1, arbitrary: elementTest.map((test) => template('.//', test)) },
  { weight: 1, arbitrary: elementTest.map((test) => template('ancestor::', test)) },
  { weight: 1, arbitrary: fc.tuple(attribute, attribute).map(([a, b]) => template('(', a, '|', b, ')')) },
);

/** The values that documents have, pieces of them, and some that they have not. */
const literal = fc
  .tuple(fc.constantFrom(...TEXTS), fc.nat(3), fc.option(fc.integer({ min: 1, max: 3 })))
  .map(([text, start, length]) => (length === null ? text : text.slice(start, start + length)))
  .map((text): Pair => ({ ours: `'${text}'`, theirs: `"${plain(text)}"` }));
const numeral = words('0', '1', '2', '3', '1.5', '.5', '10', '7', '-1', '12', '3.5', '1.0');
const order = fc.constantFrom('<', '<=', '>', '>=', '=', '!=');

const comparison: Arb = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(here, literal).map(([set, text]) => template(set, '=', text)) },
  { weight: 1, arbitrary: fc.tuple(literal, here).map(([text, set]) => template(text, '=', set)) },
  { weight: 1, arbitrary: fc.tuple(here, literal).map(([set, text]) => template(set, '!=', text)) },
  { weight: 3, arbitrary: fc.tuple(here, order, numeral).map(([set, operator, number]) => template(set, operator, number)) },
  { weight: 1, arbitrary: fc.tuple(numeral, order, here).map(([number, operator, set]) => template(number, operator, set)) },
  { weight: 1, arbitrary: fc.tuple(here, order, literal).map(([set, operator, text]) => template(set, operator, text)) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom('contains', 'starts-with'), here, literal)
      .map(([name, set, text]) => template(name, '(', set, ',', text, ')')),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom('string', 'number', 'count', 'sum', 'string-length'), here, order, fc.oneof(literal, numeral))
      .map(([name, set, operator, value]) => template(name, '(', set, ') ', operator, ' ', value)),
  },
  { weight: 1, arbitrary: fc.tuple(here, order, here).map(([a, operator, b]) => template(a, ' ', operator, ' ', b)) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(attribute, words('>', '>='), numeral, words('<', '<='), numeral)
      .map(([set, above, low, below, high]) => template(set, above, low, ' and ', set, below, high)),
  },
  { weight: 1, arbitrary: here },
);

const condition: Arb = fc.oneof(
  { weight: 5, arbitrary: comparison },
  { weight: 2, arbitrary: join(' and ') },
  { weight: 2, arbitrary: join(' or ') },
  { weight: 1, arbitrary: comparison.map((inner) => template('not(', inner, ')')) },
  { weight: 1, arbitrary: comparison.map((inner) => template('not(not(', inner, '))')) },
);

function join(operator: string): Arb {
  return fc
    .array(comparison, { minLength: 2, maxLength: 4 })
    .map(([first, ...others]) => template('(', ...(first ? [first] : []), ...others.flatMap((other) => [operator, other]), ')'));
}

function words(...texts: string[]): Arb {
  return fc.constantFrom(...texts).map((each) => template(each));
}

const filtered: Arb = fc
  .tuple(path, fc.array(condition, { maxLength: 2 }), fc.option(fc.tuple(slash, elementTest), { freq: 4 }))
  .map(([set, conditions, onward]) =>
    template(set, ...conditions.flatMap((each) => ['[', each, ']']), ...(onward === null ? [] : onward)),
  );

/** Expressions as subscribers write them, with paths, comparisons and conditions that an index can make something of. */
export const typicalExpressions: Arb = fc.oneof(
  { weight: 6, arbitrary: filtered },
  { weight: 1, arbitrary: fc.tuple(path, literal).map(([set, text]) => template(set, '=', text)) },
  { weight: 1, arbitrary: fc.tuple(path, order, numeral).map(([set, operator, number]) => template(set, operator, number)) },
  { weight: 1, arbitrary: fc.tuple(filtered, filtered).map(([a, b]) => template(a, ' and ', b)) },
  { weight: 1, arbitrary: fc.tuple(filtered, filtered).map(([a, b]) => template(a, ' or ', b)) },
  { weight: 1, arbitrary: fc.tuple(filtered, filtered).map(([a, b]) => template('(', a, '|', b, ')')) },
  { weight: 1, arbitrary: filtered.map((set) => template('boolean(', set, ')')) },
);
