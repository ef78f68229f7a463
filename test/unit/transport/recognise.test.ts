import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_PROBE_BYTES, type Recognised, recognise } from '../../../src/transport/recognise.ts';

const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');

/** The answer, and after how many bytes it was there when they came one by one. */
function byteByByte(bytes: Buffer): { answer: Recognised | undefined; after: number } {
  for (let after = 1; after <= bytes.length; after++) {
    const answer = recognise(bytes.subarray(0, after));
    if (answer) return { answer, after };
  }
  return { answer: undefined, after: bytes.length };
}

const IOR = 'GET /AuthenticationService.ior HTTP/1.0\r\n \n';

const OPENINGS: [what: string, bytes: string, protocol: Recognised['protocol'], after: number, skip: number][] = [
  ['a GET', 'GET / HTTP/1.1\r\n\r\n', 'http', 6, 0],
  ['a POST', 'POST /RPC2 HTTP/1.1\r\n', 'http', 5, 0],
  ['a PUT', 'PUT /topics/a HTTP/1.1\r\n', 'http', 4, 0],
  ['a PROPFIND', 'PROPFIND / HTTP/1.1\r\n', 'http', 9, 0],
  ['an M-SEARCH', 'M-SEARCH * HTTP/1.1\r\n', 'http', 9, 0],
  ['a GET after CRLF', '\r\nGET / HTTP/1.1\r\n\r\n', 'http', 8, 2],
  ['a GET after blanks', '   GET / HTTP/1.1\r\n\r\n', 'http', 9, 3],
  ['a CONNECT of HTTP', 'CONNECT a:1 HTTP/1.1\r\n', 'http', 8, 0],
  ['a GET of something like the IOR', 'GET /AuthenticationService.ior HTTP/1.1\r\n', 'http', 39, 0],
  ['a legal GET of the IOR', 'GET /AuthenticationService.ior HTTP/1.0\r\nHost: a\r\n', 'http', 42, 0],
  ['a frame', '        98\0\0I\0\x001', 'socket', 9, 0],
  ['a long frame', '1234567890\0\0I\0\x001', 'socket', 1, 0],
  ['a bare ping', '        10', 'socket', 9, 0],
  ['a frame after CRLF', '\r\n\r\n        98\0\0I', 'socket', 13, 4],
  ['a zlib stream', '\x78\x9c', 'zlib-stream', 1, 0],
  ['another zlib stream', '\x78\xda', 'zlib-stream', 1, 0],
  ['a raw block', '\0\0\0\0\x05', 'zlib-blocks', 1, 0],
  ['a compressed block', '\x01\0\0\x04\x2c\0\0\x02\x04\x78\xda', 'zlib-blocks', 1, 0],
  ['TLS', '\x16\x03\x01\x02', 'tls', 1, 0],
  ['a script', '<xmlBlaster/>\0', 'script', 1, 0],
  ['a script after a prologue of blanks', ' \r\n <?xml', 'script', 5, 4],
  ['the request for the IOR', IOR, 'ior', IOR.length, 0],
  ['the request for the IOR after CRLF', `\r\n${IOR}`, 'ior', IOR.length + 2, 2],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'http2', 14, 0],
  ['GIOP', 'GIOP\x01\x02\0', 'giop', 4, 0],
  ['JRMI', 'JRMI\0\x02K', 'jrmi', 4, 0],
  ['CONNECT of STOMP', 'CONNECT\naccept-version:1.2\n\n\0', 'stomp', 8, 0],
  ['CONNECT of STOMP with CRLF', 'CONNECT\r\naccept-version:1.2\r\n', 'stomp', 9, 0],
  ['STOMP', 'STOMP\nhost:a\n\n\0', 'stomp', 6, 0],
  ['STOMP after line ends', '\n\nSTOMP\r\nhost:a', 'stomp', 9, 2],
  ['MQTT', '\x10\x0c\0\x04MQTT\x04', 'mqtt', 1, 0],
  ['garbage', 'hello\r\n', 'unknown', 1, 0],
  ['garbage that begins like HTTP', 'GET\x01 / HTTP', 'unknown', 4, 0],
  ['garbage that begins like STOMP', 'CONNECT\rX', 'unknown', 9, 0],
  ['a negative number', '        -1', 'unknown', 10, 8],
  ['high bytes', '\xff\xfe\xfd', 'unknown', 1, 0],
];

describe('recognise', () => {
  test.each(OPENINGS)('knows %s', (_what, text, protocol, after, skip) => {
    expect(recognise(bytesOf(text))).toEqual({ protocol, skip });
    expect(byteByByte(bytesOf(text))).toEqual({ answer: { protocol, skip }, after });
  });

  test('knows every level of a zlib stream', () => {
    for (let level = 0; level <= 9; level++) {
      expect(recognise(deflateSync('x', { level }).subarray(0, 1))?.protocol).toBe('zlib-stream');
    }
  });

  test.each(['', '\r\n', '     ', 'G', 'PUT', 'CONNECT', 'CONNECT\r', 'STOMP', 'PRI * HTTP/2.', IOR.slice(0, -1), 'GIO', 'M-'])(
    'waits for more after %j',
    (text) => {
      expect(recognise(bytesOf(text))).toBeUndefined();
    },
  );

  test.each([' ', 'A', '\r\n', `${' '.repeat(63)}G`])('gives up after 64 bytes of %j', (text) => {
    expect(recognise(bytesOf(text.repeat(64).slice(0, 63)))).toBeUndefined();
    expect(recognise(bytesOf(text.repeat(64).slice(0, 64)))?.protocol).toBe('unknown');
  });

  test('gives the same answer however the bytes arrive', () => {
    const opening = fc.constantFrom(...OPENINGS.map(([, bytes]) => bytes));
    const blanks = fc.string({ unit: fc.constantFrom(' ', '\r', '\n'), maxLength: 70 });
    const rest = fc.uint8Array({ maxLength: 80 });
    const anything = fc.tuple(blanks, fc.oneof(opening, fc.constant('')), fc.nat(50), rest).map(([before, text, cut, after]) => {
      return Buffer.concat([bytesOf(before), bytesOf(text.slice(0, cut)), after]);
    });
    fc.assert(
      fc.property(anything, (bytes) => {
        const { answer, after } = byteByByte(bytes);
        for (let end = 0; end <= bytes.length; end++) {
          expect(recognise(bytes.subarray(0, end))).toEqual(end < after ? undefined : answer);
        }
        if (bytes.length >= MAX_PROBE_BYTES) expect(answer).toBeDefined();
      }),
      { numRuns: 3_000, seed: 3412 },
    );
  });
});
