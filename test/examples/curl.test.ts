import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startBroker } from '../helpers/broker.ts';
import { runProgram, testWith } from './programs.ts';

const folder = join(import.meta.dirname, '../../examples/curl');
const passwordFile = join(folder, '../passwords.txt');

// What each example must print, in this order.
const EXPECTED: Readonly<Record<string, readonly RegExp[]>> = {
  'admin.sh': [
    /nodeId=/,
    /numTopics=/,
    /\?cbQueueNumMsgs\tread\t/,
    /\n2\n/,
    /<key oid='job'\/>/,
    /\nOK\n/,
    /\n405\n403\n/,
    /client\/worker\/1 killed/,
    /xmlblaster_published_total 2/,
  ],
  'binary.sh': [
    /<key oid='photo'\/>/,
    /X-Key: <key oid='photo' contentMime='image\/png'><photo place='Oslo'\/>/i,
    /image\/png/,
    /the same bytes/,
  ],
  'dead-messages.sh': [
    /first\n/,
    /__deadMessageReason.*full/,
    /__receiver.*client\/joe\/1/,
    /<key oid='__sys__deadMessage'\/>\n<content>second</,
  ],
  'filters.sh': [
    /regular expression.*\n3 bar\n/,
    /--- an XPath.*\n<xmlBlasterResponse>\n<get>\n<qos>/,
    /<content><!\[CDATA\[<gauge><value unit="C">21<\/value><\/gauge>\]\]><\/content>\n<\/get>/,
    /--- a condition.*\n/,
    /<content>taxi at 80<\/content>\n<\/get>\n<\/xmlBlasterResponse>\n$/,
  ],
  'job-queue.sh': [
    /^ann\/1 takes: paint\nbob\/1 takes: saw\nbob\/1 takes: glue\nann\/1 goes/,
    /bob\/1 takes: paint\nbob\/1 takes: nothing\n$/,
  ],
  'last-value.sh': [/value\n20\n---/, /next\n20\n---/, /<content>18</, /<content>19</, /<content>20</],
  'named-session.sh': [/first/, /second/, /<redeliver>1</, /first/, /<redeliver>1</, /second/, /204\n$/],
  'passwords.sh': [/403\n401\n204\n/, /<key oid='weather.oslo'\/>/, /sensor may not publish/, /cold.*cold.*200\n403\n$/s],
  'point-to-point.sh': [
    /user\.ptp\.unknownDestination/,
    /PtP request handled/,
    /<destination forceQueuing='true'>client\/jack<\/destination>/,
    /lunch at noon\?/,
    /where are you\?\n$/,
  ],
  'publish-and-poll.sh': [/<update>/, /<key oid='oslo'><weather city="Oslo"\/><\/key>\n<content>cold<\/content>/],
  'request-response.sh': [
    /The oracle is asked: What do you get if you multiply six by nine\?/,
    /<get>/,
    /<content>42<\/content>/,
  ],
  'script.sh': [
    /<xmlBlasterResponse id='morning'>/,
    /<connect>/,
    /<subscribe>/,
    /<publish>/,
    /plants/,
    /<erase>/,
    /<disconnect>\ntrue/,
  ],
  'stream.sh': [/^: xmlBlaster/, /id: .*\ndata: <update>/, /<content>17</, /<content>18</, /<content>19</],
  'xpath.sh': [
    /engine\/1.*\n.*engine\/2.*\n<\/xml/,
    /engine\/3.*\n<\/xml/,
    /engine\/1.*\n.*engine\/3.*\n<\/xml/,
    /<xmlBlaster>\n<\/xml/,
    /81/,
    /2\.4/,
  ],
};

test('every example with curl is tested', () => {
  expect(readdirSync(folder).sort()).toEqual(Object.keys(EXPECTED).sort());
});

for (const [name, patterns] of Object.entries(EXPECTED)) {
  testWith(['curl'], `examples/curl/${name} does what it says`, async () => {
    const broker = await startBroker(name === 'passwords.sh' ? { passwordFile } : {});
    const { code, stdout, stderr } = await runProgram('sh', [join(folder, name)], { env: { XMLBLASTER: broker.url } });
    expect(stderr).toBe('');
    expect(stdout).toMatch(new RegExp(patterns.map(({ source }) => source).join('[^]*')));
    expect(code).toBe(0);
  });
}

testWith(['curl'], 'examples/curl fail where there is no broker', async () => {
  const broker = await startBroker();
  await broker.close();
  for (const name of ['binary.sh', 'script.sh', 'xpath.sh']) {
    const { code, stderr } = await runProgram('sh', [join(folder, name)], { env: { XMLBLASTER: broker.url } });
    expect(code, name).not.toBe(0);
    expect(stderr).toMatch(/connect/i);
  }
});
