import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TelnetDecoder } from '../../../../src/transport/telnet/telnet-decoder.ts';

/** What chunks come to, one after the other. */
function decode(...chunks: readonly (readonly number[])[]): { text: string; refusals: number[] } {
  const decoder = new TelnetDecoder();
  const decoded = chunks.map((chunk) => decoder.decode(Buffer.from(chunk)));
  return {
    text: Buffer.concat(decoded.map(({ text }) => text)).toString('latin1'),
    refusals: decoded.flatMap(({ refusals }) => [...refusals]),
  };
}

const bytesOf = (text: string): number[] => [...Buffer.from(text, 'latin1')];

describe('what a client of telnet sends', () => {
  test.each<[what: string, bytes: readonly number[], text: string, refusals: readonly number[]]>([
    ['text', bytesOf('time\r\n'), 'time\r\n', []],
    ['CR NUL ends a line as CR LF does', bytesOf('time\r\0mem\r\0'), 'time\r\nmem\r\n', []],
    ['another NUL is nothing', bytesOf('\0ti\0me\n\0'), 'time\n', []],
    ['DO is refused with WONT', [255, 253, 3, 97], 'a', [255, 252, 3]],
    ['WILL is refused with DONT', [255, 251, 255, 97], 'a', [255, 254, 255]],
    ['WONT and DONT need no answer', [255, 252, 1, 255, 254, 3, 97], 'a', []],
    ['commands of one byte: interrupt, are you there', [97, 255, 244, 98, 255, 246, 99], 'abc', []],
    ['a subnegotiation, with an escaped byte in it', [97, 255, 250, 31, 0, 80, 255, 255, 10, 255, 240, 98], 'ab', []],
    ['an escaped byte is itself', [97, 255, 255, 98], 'a\xffb', []],
    ['a synch whose second byte is urgent, and so not there', [97, 255, ...bytesOf('b')], 'ab', []],
    ['a synch whose first byte is urgent', [97, 242, ...bytesOf('b')], 'ab', []],
  ])('%s', (_, bytes, text, refusals) => {
    expect(decode(bytes)).toEqual({ text, refusals });
  });

  test('comes to the same in whatever pieces it arrives', () => {
    const telnet = fc.constantFrom(255, 250, 240, 253, 251, 242, 13, 10, 0);
    const bytes = fc.array(fc.oneof(telnet, fc.integer({ min: 0, max: 255 })), { maxLength: 60 });
    fc.assert(
      fc.property(bytes, fc.array(fc.nat(60)), (all, cuts) => {
        const edges = [0, ...cuts.map((cut) => Math.min(cut, all.length)).sort((a, b) => a - b), all.length];
        const pieces = edges.slice(1).map((edge, i) => all.slice(edges[i], edge));
        expect(decode(...pieces)).toEqual(decode(all));
      }),
    );
  });

  test('is itself when it is a line of text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (line) => {
        const text = line.replace(/[\0\u{80000}-\u{bffff}]/gu, '');
        expect(Buffer.from(decode([...Buffer.from(text)]).text, 'latin1').toString()).toBe(text);
      }),
    );
  });
});
