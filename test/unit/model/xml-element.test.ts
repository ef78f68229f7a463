import { expect, test } from 'vitest';
import { attributeOf, childOf, elementsOf, textOf, type XmlElement } from '../../../src/model/xml-element.ts';

const b: XmlElement = { name: 'b', attributes: [], children: ['2', { name: 'c', attributes: [], children: ['3'] }] };
const a: XmlElement = {
  name: 'a',
  attributes: [
    { name: 'x', value: '' },
    { name: '__proto__', value: '1' },
  ],
  children: ['1', b, '4', { ...b, children: ['5'] }],
};

test('looks into an element', () => {
  expect(textOf(a)).toBe('12345');
  expect(elementsOf(a)).toHaveLength(2);
  expect(childOf(a, 'b')).toBe(b);
  expect(childOf(a, 'c')).toBeUndefined();
  expect(attributeOf(a, 'x')).toBe('');
  expect(attributeOf(a, '__proto__')).toBe('1');
  expect(attributeOf(a, 'constructor')).toBeUndefined();
});
