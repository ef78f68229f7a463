import { once } from 'node:events';
import { Duplex, PassThrough } from 'node:stream';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { Prober } from '../../../src/transport/prober.ts';

const HOUR_MS = 3_600_000;

/** All bytes that whoever takes over gets to read. */
async function handOver(chunks: readonly Buffer[]): Promise<{ protocol: string; text: string }> {
  const stream = new PassThrough();
  let text = '';
  let protocol = 'none';
  const prober = new Prober(HOUR_MS, (accepted, found) => {
    protocol = found;
    accepted.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    accepted.resume();
  });
  prober.probe(stream);
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  await once(stream, 'close');
  return { protocol, text };
}

const FRAME = `${'98'.padStart(10)}\0\0I\0\x001${'x'.repeat(72)}`;

test.each([
  ['socket', FRAME, FRAME],
  ['socket', `\r\n${FRAME}`, FRAME],
  ['http', ' \r\nPUT /a HTTP/1.1\r\n\r\n', 'PUT /a HTTP/1.1\r\n\r\n'],
  ['script', '<ping/>\0', '<ping/>\0'],
  ['unknown', 'hello', 'hello'],
  ['unknown', ' '.repeat(100), ' '.repeat(100)],
])('hands over %s (%j) without losing a byte, in whatever chunks it comes', async (protocol, sent, expected) => {
  const bytes = Buffer.from(sent, 'latin1');
  expect(await handOver([bytes])).toEqual({ protocol, text: expected });
  expect(await handOver([...bytes].map((byte) => Buffer.of(byte)))).toEqual({ protocol, text: expected });
  const cuts = fc.uniqueArray(fc.nat(bytes.length), { maxLength: 5 }).map((at) => [0, ...at.sort((a, b) => a - b), bytes.length]);
  await fc.assert(
    fc.asyncProperty(cuts, async (at) => {
      const chunks = at.slice(1).map((end, i) => bytes.subarray(at[i], end));
      expect(await handOver(chunks)).toEqual({ protocol, text: expected });
    }),
    { numRuns: 50, seed: 3412 },
  );
});

function silentStream(): Duplex {
  return new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
}

test('cuts off who says nothing, or nothing that tells, in time', async () => {
  vi.useFakeTimers();
  const accept = vi.fn();
  const prober = new Prober(10_000, accept);
  const streams = [silentStream(), silentStream()];
  for (const stream of streams) prober.probe(stream);
  streams[1]?.push('  ');
  vi.advanceTimersByTime(9_999);
  expect(streams.map(({ destroyed }) => destroyed)).toEqual([false, false]);
  vi.advanceTimersByTime(1);
  expect(streams.map(({ destroyed }) => destroyed)).toEqual([true, true]);
  expect(accept).not.toHaveBeenCalled();
  vi.useRealTimers();
});

test('cuts off who has not said yet what it speaks when the broker ends, and nobody else', async () => {
  const prober = new Prober(HOUR_MS, () => {});
  const silent = silentStream();
  const speaking = silentStream();
  prober.probe(silent);
  prober.probe(speaking);
  speaking.push('GET / HTTP/1.1');
  await vi.waitFor(() => expect(speaking.isPaused()).toBe(true));
  prober.close();
  expect([silent.destroyed, speaking.destroyed]).toEqual([true, false]);
});
