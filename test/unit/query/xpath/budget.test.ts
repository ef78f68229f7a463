import { describe, expect, test } from 'vitest';
import type { XmlElement } from '../../../../src/model/xml-element.ts';
import { Budget, XPathBudgetError } from '../../../../src/query/xpath/budget.ts';
import { createTopicDocument } from '../../../../src/query/xpath/topic-document.ts';
import { compileXPath } from '../../../../src/query/xpath/xpath-expression.ts';
import { el, matches } from './trees.ts';

/** 64 kB of key each. */
const MANY_ELEMENTS = createTopicDocument(el('key', {}, ...Array<XmlElement>(16_000).fill(el('a'))));
const ONE_TEXT = createTopicDocument(el('key', {}, 'a'.repeat(64_000)));
const TWO_TEXTS = createTopicDocument(el('key', {}, el('h', {}, 'a'.repeat(32_000)), el('n', {}, `b${'a'.repeat(31_000)}`)));
const MANY_TEXTS = createTopicDocument(el('key', {}, ...Array.from({ length: 8000 }, (_, i) => el('a', {}, String(i)))));

describe('an evaluation that costs too much ends with XPathBudgetError', () => {
  test.each([
    ['//*[count(//*[count(//*)>0])>0]', MANY_ELEMENTS],
    ["//*[contains(/,'x')]", MANY_ELEMENTS],
    ["//*[contains(/,'x')]", MANY_TEXTS],
    ['//*/preceding::*/zz', MANY_ELEMENTS],
    ['//*/following-sibling::*/zz', MANY_ELEMENTS],
    ['//*[(//*)[last()]/zz]', MANY_ELEMENTS],
    ['count(//*|//*|//*|//*|//*|//*)<0', MANY_ELEMENTS],
    ["//*[translate(/,'a','b')='x']", ONE_TEXT],
    [`string-length(concat(${Array(1300).fill('/').join(',')}))<0`, ONE_TEXT],
    [`string-length(concat(${Array(1300).fill('/').join(',')}))<0`, MANY_ELEMENTS],
    [`//*[contains('${'a'.repeat(3000)}','${'a'.repeat(900)}b')]`, MANY_ELEMENTS],
    [`//*[number('${'1'.repeat(3900)}')=0]`, MANY_ELEMENTS],
    [`//*[${Array(500).fill('1=2').join(' or ')}]`, MANY_ELEMENTS],
    [`//*[${Array(90).fill('1').join('+')}=0]`, MANY_ELEMENTS],
    [`//*[${'not('.repeat(45)}zz${')'.repeat(45)}]/zz`, MANY_ELEMENTS],
  ])('%.60s', (expression, topic) => {
    const budget = new Budget();
    expect(() => compileXPath(expression).matches(topic, budget)).toThrow(XPathBudgetError);
    expect(budget.spent).toBeGreaterThan(100_000);
  });

  test('search is linear where indexOf is quadratic: within the budget, and right', () => {
    const budget = new Budget();
    expect(compileXPath('contains(//h,//n)').matches(TWO_TEXTS, budget)).toBe(false);
    expect(budget.spent).toBeLessThan(50_000);
    expect(matches("contains(concat(//h,'b',//h),concat('ab',//h))", TWO_TEXTS)).toBe(true);
    expect(matches("string-length(substring-before(concat(//h,'b',//h),concat('ab',//h)))=31999", TWO_TEXTS)).toBe(true);
  });

  test('comparing two node-sets costs their sum, not their product', () => {
    expect(matches('//a!=//a', MANY_ELEMENTS)).toBe(false);
    expect(matches('//a<//a', MANY_TEXTS)).toBe(true);
  });
});

describe('Budget', () => {
  const topic = createTopicDocument(el('key', { oid: 'a' }, el('weather', { city: 'Oslo' })));

  test('the cost of a match is exact: the same each time, and just enough is enough', () => {
    const expression = compileXPath("//weather[@city='Oslo']");
    const measure = new Budget();
    expression.matches(topic, measure);
    expect(measure.spent).toBe(6); // xmlBlaster, key, its @oid, weather; @city; its value
    expect(expression.matches(topic, new Budget(6))).toBe(true);
    expect(() => expression.matches(topic, new Budget(5))).toThrow(XPathBudgetError);
  });

  test('in boolean context the walk ends at the first node', () => {
    for (const expression of ['//*', 'boolean(//*)', 'not(not(//*))', '//* and //*', '/xmlBlaster[.//*]', '//* or //zz']) {
      expect(compileXPath(expression).matches(MANY_ELEMENTS, new Budget(20)), expression).toBe(true);
    }
  });

  test('several evaluations may share one', () => {
    const budget = new Budget(14);
    const expression = compileXPath("//weather[@city='Oslo']");
    expression.matches(topic, budget);
    expression.matches(topic, budget);
    expect(budget.spent).toBe(12);
    expect(() => expression.matches(topic, budget)).toThrow('exceeds its budget of 14 steps');
  });

  test('an expression is usable again after it ran out', () => {
    const expression = compileXPath('//*[count(//*)>0]');
    expect(() => expression.matches(MANY_ELEMENTS, new Budget(10))).toThrow(XPathBudgetError);
    expect(expression.matches(topic)).toBe(true);
  });
});
