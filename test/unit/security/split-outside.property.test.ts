import fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitOutside, unquote } from '../../../src/security/split-outside.ts';

const plain = fc.string({ unit: fc.constantFrom('a', ' ', "'", ':', '[') });
const anything = fc.string({ unit: fc.constantFrom('a', ',', ';', '(', ')', '"', ' ', 'ü') });
const quoted = anything.map((text) => `"${text.replaceAll('"', '\\"')}"`);
const { part } = fc.letrec<{ part: string }>((tie) => ({
  part: fc
    .array(
      fc.oneof(
        { maxDepth: 3 },
        plain,
        quoted,
        fc.array(tie('part')).map((inner) => `(${inner.join(',')})`),
      ),
    )
    .map((pieces) => pieces.join('')),
}));

test('what was joined is split again, whatever stands in quotes and parentheses', () => {
  fc.assert(
    fc.property(fc.array(part, { minLength: 1 }), (parts) => {
      expect(splitOutside(parts.join(','), ',')).toEqual(parts);
    }),
  );
});

test('what was quoted is itself again', () => {
  fc.assert(
    fc.property(anything, (text) => {
      expect(unquote(`"${text.replaceAll('"', '\\"')}"`)).toBe(text);
    }),
  );
});
