import { describe, expect, test } from 'vitest';
import { Form } from '../../../../src/transport/http/servlets/form.ts';

describe('a form', () => {
  test('is decoded as URLSearchParams does, the address before the body', () => {
    const query = 'a=1+2%2B3&b=%C3%BC&=nothing&c&d=x=y&&a=later';
    const form = new Form(`/ajax?${query}`, 'a=body&e=ü%0A');
    const expected = new URLSearchParams(query);
    for (const name of ['a', 'b', '', 'c', 'd']) expect(form.text(name), name).toBe(expected.get(name));
    expect(form.text('e')).toBe('ü\n');
    expect(form.text('f')).toBeUndefined();
    expect(new Form('/ajax', '').text('')).toBeUndefined();
  });

  test.each(['a=%', 'a=%zz', 'a=%FF', '%=1', 'a=100%25%'])('refuses %s', (body) => {
    expect(() => new Form('/ajax', body)).toThrow('is not percent-encoded UTF-8');
  });

  test('has 100 parameters at most', () => {
    const hundred = Array.from({ length: 50 }, (_, i) => `p${i}=1`).join('&');
    expect(new Form(`/?${hundred}`, hundred).text('p49')).toBe('1');
    expect(() => new Form(`/?${hundred}`, `${hundred}&a`)).toThrow('more than 100 parameters');
    expect(() => new Form('/', '&a'.repeat(8_000_000))).toThrow('more than 100 parameters');
  });

  test.each([
    ['5', 5],
    [' -1 ', -1],
    ['-7', -1],
    ['1e3', 3],
    ['', 3],
    ['99999999999999999999999', 9],
  ])('reads the number "%s" within its bounds', (text, expected) => {
    expect(new Form('/', `n=${text}`).integer('n', 3, -1, 9)).toBe(expected);
  });

  test.each(['%3C', '+', 'a', '%C3%BC', '&'])('of 16 million characters of %s takes no seconds', (piece) => {
    const start = performance.now();
    try {
      new Form('/', `a=${piece.repeat(16_000_000 / piece.length)}`);
    } catch {}
    expect(performance.now() - start).toBeLessThan(2_000);
  });
});
