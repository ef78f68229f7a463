import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeException, type Frame, FrameError } from '../../../src/codec/socket-frame.ts';
import { FrameReader } from '../../../src/codec/socket-frame-reader.ts';
import { ScriptReader } from '../../../src/codec/socket-script.ts';
import { BrokerError } from '../../../src/model/error.ts';
import { RequestDecoder } from '../../../src/transport/request-decoder.ts';
import { frameBytes } from './frames.ts';

/** Mutated frames; more by hand: SOCKET_RUNS=10000000 npx vitest run test/unit/codec/socket-fuzz.test.ts */
const runs = Number(process.env['SOCKET_RUNS'] ?? 100_000);
const timeoutMs = Math.max(60_000, runs * 2);
const seed = 3412;
const maxFrameBytes = 20_000;

const limits = { maxOidBytes: 100, maxKeyBytes: 1_000, maxDepth: 20, maxContentBytes: 1_000 };
const decoder = new RequestDecoder(limits, () => 'generated');

const connectQos =
  "<qos><securityService type='htpasswd' version='1.0'><![CDATA[<user>joe</user><passwd>secret</passwd>]]></securityService>" +
  "<session name='joe/1' timeout='0'/><queue relating='callback' maxEntries='10'><callback type='SOCKET' sessionId='x' " +
  "pingInterval='1000' retries='-1'>socket://here:1<burstMode maxEntries='5'/></callback></queue></qos>";
const frames = [
  frameBytes('I', 'connect', connectQos, '1', ''),
  frameBytes('I', 'publish', "<qos><priority>7</priority></qos>\0<key oid='a' contentMime='text/xml'><m/></key>\x005\0Hello"),
  frameBytes('I', 'publishOneway', "<qos/>\0<key oid='a'/>\x001\0a<qos/>\0<key oid='b'/>\x001\0b"),
  frameBytes('I', 'subscribe', "<qos><history numEntries='3'/></qos>\0<key queryType='XPATH'>//key</key>\0"),
  frameBytes('I', 'get', "\0<key oid='a'/>\0"),
  frameBytes('I', 'erase', "<qos><erase forceDestroy='true'/></qos>\0<key oid='a'/>\0"),
  frameBytes('I', 'unSubscribe', "<qos/>\0<key oid='__subId:1'/>\0"),
  frameBytes('I', 'disconnect', ''),
  frameBytes('R', 'update', "<qos><state id='OK'/></qos>\0\x000\0", 'client/joe/1:update:1'),
  frameBytes('E', 'update', 'user.x\0\x0012\0user.x\0\0\0\0no\0', 'client/joe/1:update:2'),
  Buffer.from('        10'),
];
const scripts = [
  "<xmlBlaster><connect><qos><session name='joe/1'/></qos></connect><get><key oid='a'/></get></xmlBlaster>\0",
  "<publish sessionId='x'><key oid='a'><m b='c'/></key><content encoding='base64'>SGVsbG8=</content><qos><persistent/></qos></publish>\0",
].map((script) => Buffer.from(script));

/** What to do with one place of the input. */
const mutation = fc.record({
  what: fc.constantFrom('flip', 'set', 'insert', 'remove', 'repeat', 'length'),
  at: fc.nat(2_000),
  value: fc.nat(255),
  count: fc.nat(40),
});
const mutations = fc.array(mutation, { minLength: 1, maxLength: 4 });

test('no mutated frame does more than raise an error', { timeout: timeoutMs }, () => {
  let refused = 0;
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...frames), { minLength: 1, maxLength: 3 }),
      mutations,
      fc.nat(300),
      (chosen, changes, cutAt) => {
        const bytes = changes.reduce(mutate, Buffer.concat(chosen));
        const reader = new FrameReader(maxFrameBytes);
        refused += Number(!feed(reader, [bytes.subarray(0, cutAt), bytes.subarray(cutAt)]));
        expect(reader.pendingBytes).toBeLessThanOrEqual(Math.max(4_096, 2 * bytes.length));
        reader.end();
        expect(reader.pendingBytes).toBe(0);
      },
    ),
    { numRuns: runs, seed, endOnFailure: true },
  );
  expect(refused / runs).toBeGreaterThan(0.2); // and not all of them were refused at the first byte
  expect(refused / runs).toBeLessThan(0.95);
});

test('no mutated script does more than raise an error', { timeout: timeoutMs }, () => {
  fc.assert(
    fc.property(fc.constantFrom(...scripts), mutations, fc.nat(200), (script, changes, cutAt) => {
      const bytes = changes.reduce(mutate, script);
      const reader = new ScriptReader(maxFrameBytes);
      feed(reader, [bytes.subarray(0, cutAt), bytes.subarray(cutAt)]);
    }),
    { numRuns: runs / 20, seed },
  );
});

/** Whether everything could be read and decoded. @throws whatever is not an expected error. */
function feed(reader: Pick<FrameReader, 'push'>, chunks: readonly Buffer[]): boolean {
  let isFine = true;
  const attempt = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      if (!(error instanceof FrameError) && !(error instanceof BrokerError)) throw error;
      isFine = false;
    }
  };
  const decode = (frame: Frame): void =>
    attempt(() => void (frame.type === 'I' ? decoder.decode(frame) : decodeException(frame)));
  for (const chunk of chunks) if (isFine) attempt(() => reader.push(chunk, decode));
  return isFine;
}

function mutate(bytes: Buffer, { what, at, value, count }: { what: string; at: number; value: number; count: number }): Buffer {
  const place = at % Math.max(1, bytes.length);
  const [before, after] = [bytes.subarray(0, place), bytes.subarray(place)];
  switch (what) {
    case 'flip':
      return Buffer.concat([before, Buffer.of((after[0] ?? 0) ^ (1 << (value % 8))), after.subarray(1)]);
    case 'set':
      return Buffer.concat([before, Buffer.of(value), after.subarray(1)]);
    case 'insert':
      return Buffer.concat([before, Buffer.alloc(count, value), after]);
    case 'remove':
      return Buffer.concat([before, after.subarray(count)]);
    case 'repeat':
      return Buffer.concat([before, after.subarray(0, count), after]);
    default:
      return Buffer.concat([Buffer.from(String(at * value).padStart(10)), bytes.subarray(10)]);
  }
}
