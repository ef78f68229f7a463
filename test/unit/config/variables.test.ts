// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the variables of the original look like this
import { describe, expect, test } from 'vitest';
import { Variables } from '../../../src/config/variables.ts';
import { sentenceOf } from './config-files.ts';

function replace(text: string, texts: Record<string, string>): string {
  return new Variables(new Map(Object.entries(texts))).replace(text, 'x');
}

describe('variables', () => {
  test.each<[text: string, texts: Record<string, string>, replaced: string]>([
    ['', {}, ''],
    ['plain } $ { $a $', {}, 'plain } $ { $a $'],
    ['${a}', { a: '1' }, '1'],
    ['<${a}-${a}${b}>', { a: '1', b: '' }, '<1-1>'],
    ['${queue/history/maxEntries}', { 'queue/history/maxEntries': '10' }, '10'],
    ['${Driver[x][1.0]}', { 'Driver[x][1.0]': 'd' }, 'd'],
    ['${a}', { a: '${b}/x', b: '${c}', c: 'end' }, 'end/x'],
    ['${a${b}}', { b: 'X', aX: 'inner' }, 'inner'],
    ['$_{a}', { a: '1' }, '1'],
    ['${b} $_{unknown}/${b}', { b: '1' }, '1 $_{unknown}/1'],
    ['${unknown}', { 'property.keepUnresolvedProps': 'true' }, '${unknown}'],
    ['$${a}', { a: '{b}', b: 'no' }, '${b}'],
  ])('%j with %j is %j', (text, texts, replaced) => {
    expect(replace(text, texts)).toBe(replaced);
  });

  test.each<[text: string, texts: Record<string, string>, sentence: RegExp]>([
    ['${a}', {}, /^x: the variable \$\{a\} is unknown/],
    ['${toString}', {}, /^x: the variable \$\{toString\} is unknown/],
    ['see ${a', { a: '1' }, /^x: "\$\{a" has no closing \}/],
    ['${a${b}', { b: '1' }, /^x: "\$\{a1" has no closing \}/],
    ['${a}', { a: '${a}' }, /^x: variables go in a circle: a → a/],
    ['${a}', { a: '${b}', b: '${c}', c: '${a}' }, /^x: variables go in a circle: a → b → c → a/],
  ])('%j with %j is told in a sentence', (text, texts, sentence) => {
    expect(sentenceOf(() => replace(text, texts))).toMatch(sentence);
  });

  test('are at most fifty deep', () => {
    const chain = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`v${i}`, `\${v${i + 1}}`]));
    expect(replace('${v0}', { ...chain, v49: 'end' }).length).toBe(3);
    expect(sentenceOf(() => replace('${v0}', { ...chain, v50: 'end' }))).toMatch(/^x: variables are nested deeper than 50/);
  });

  test('that double again and again end in a sentence, or in nothing, at once', () => {
    const doubling = (end: string) =>
      Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`v${i}`, i === 39 ? end : `\${v${i + 1}}\${v${i + 1}}`]));
    expect(sentenceOf(() => replace('${v0}', doubling('ab')))).toMatch(/^x has more than 65536 characters/);
    expect(replace('${v0}', doubling(''))).toBe('');
    expect(sentenceOf(() => replace('${'.repeat(100_000), {}))).toMatch(/no closing/);
  });
});
