import { describe, expect, test } from 'vitest';
import { decodeScript, type ScriptLimits } from '../../../src/codec/script-xml.ts';
import type { Command, Pause, Verb } from '../../../src/model/command.ts';
import { DEFAULT_CONNECT_QOS } from '../../../src/model/connect.ts';
import { DEFAULT_QUERY_QOS } from '../../../src/model/query.ts';
import { titled } from '../titled.ts';
import { refusalOf } from './broker-error.ts';
import { limits } from './elements.ts';

/** All commands of a script, decoded. */
function decode(text: string, expected?: Verb, scriptLimits: Partial<ScriptLimits> = {}): (Command | Pause)[] {
  const script = decodeScript(text, expected, () => 'new-1', { ...limits, ...scriptLimits });
  return script.commands.map((command) => command.decode());
}

/** A publish as oid, content and priority, the rest as a word each. */
function brief(command: Command | Pause): string {
  if (command.verb === 'publish') return `${command.unit.key.oid}=${command.unit.content}/${command.unit.qos.priority}`;
  if (command.verb === 'publishArr') return command.units.map((unit) => `${unit.key.oid}=${unit.content}`).join(',');
  return command.verb;
}

describe('a script', () => {
  test('runs its commands in order and hands back its id', () => {
    const script = decodeScript(
      `<?xml version='1.0'?>
       <!-- a script -->
       <xmlBlaster id='a &amp; b'>
         <connect><qos><session name='joe/1'/></qos></connect>
         <publish><qos><priority>1</priority></qos><content>x</content><key oid='a'/></publish>
         <!-- and then -->
         <subscribe><key queryType='XPATH'>//a</key></subscribe>
         <get><key oid='a'/><qos><content>false</content></qos></get>
         <publishArr><message><key oid='b'/><content>1</content></message><message><key oid='c'/></message></publishArr>
         <unSubscribe><key oid='a'/></unSubscribe><erase><key oid='a'/></erase><ping/><disconnect><qos/></disconnect>
       </xmlBlaster>`,
      undefined,
      () => 'new-1',
      limits,
    );
    expect(script.id).toBe('a & b');
    const commands = script.commands.map((command) => command.decode());
    expect(commands.map(brief)).toEqual([
      'connect',
      'a=x/1',
      'subscribe',
      'get',
      'b=1,c=',
      'unSubscribe',
      'erase',
      'ping',
      'disconnect',
    ]);
    expect(script.commands.map(({ verb }) => verb)).toEqual(commands.map(({ verb }) => verb));
    expect(commands[0]).toEqual({
      verb: 'connect',
      qos: { ...DEFAULT_CONNECT_QOS, sessionName: { subject: 'joe', pubSessionId: 1 } },
    });
    expect(commands[2]).toEqual({ verb: 'subscribe', key: { type: 'XPATH', xpath: '//a' }, qos: DEFAULT_QUERY_QOS });
    expect(commands[3]).toEqual({ verb: 'get', key: { type: 'EXACT', oid: 'a' }, qos: { ...DEFAULT_QUERY_QOS, content: false } });
  });

  test('may be empty', () => {
    expect(decodeScript('<xmlBlaster/>', undefined, () => 'x', limits)).toEqual({ id: undefined, commands: [] });
  });

  test('a wrong command is found when its turn comes', () => {
    const { commands } = decodeScript('<xmlBlaster><ping/><subscribe/></xmlBlaster>', undefined, () => 'x', limits);
    expect(commands[0]?.decode()).toEqual({ verb: 'ping' });
    expect(refusalOf(() => commands[1]?.decode()).message).toMatch(/^The key has no oid/);
  });

  test('one command may stand alone', () => {
    expect(decode("<publish><key oid='a'/><content>x</content></publish>").map(brief)).toEqual(['a=x/5']);
  });

  test('keys and contents are byte for byte as written', () => {
    const content = ' <content a="1"><key/></content>\r\n<![CDATA[</content>]]>';
    const key = '<content>&#10;</content><!-- x --><qos/>';
    const [command] = decode(`<publish><key oid='a'>${key}</key><content>${content}</content></publish>`);
    if (command?.verb !== 'publish') throw new Error('no publish');
    expect(command.unit.content.toString()).toBe(content);
    expect(command.unit.key.xml).toBe(`<key oid='a'>${key}</key>`);
    expect(command.unit.key.element.children).toEqual([
      { name: 'content', attributes: [], children: ['\n'] },
      { name: 'qos', attributes: [], children: [] },
    ]);
  });

  test('a publish without an oid gets one, without content has none', () => {
    expect(decode('<publish/>').map(brief)).toEqual(['new-1=/5']);
    expect(decode('<publish><content/><key/></publish>').map(brief)).toEqual(['new-1=/5']);
  });
});

describe('a body for one verb', () => {
  test.each(
    titled<[verb: Verb, text: string, commands: string[]]>([
      ['publish', "<key oid='a'/><content>x</content><qos/>", ['a=x/5']],
      ['publish', "<publish><key oid='a'/></publish>", ['a=/5']],
      [
        'publish',
        "<xmlBlaster><publish><key oid='a'/></publish><publish><key oid='b'/></publish></xmlBlaster>",
        ['a=/5', 'b=/5'],
      ],
      ['publish', "<?xml version='1.0' encoding='UTF-8'?>\n<!-- x -->\n<?p?>\n<key oid='a'/><content>x</content>", ['a=x/5']],
      ['publish', `<!-- ${'x'.repeat(10_000)} --><publish><key oid='a'/></publish>`, ['a=/5']],
      ['publish', "<?xml version='1.0'?><?p?><publish><key oid='a'/></publish>", ['a=/5']],
      ['publish', "<content>x</content><!-- x --><key oid='a'/>", ['a=x/5']],
      ['ping', '', ['ping']],
      ['ping', ' \r\n', ['ping']],
      ['connect', '', ['connect']],
      ['connect', "<qos><session name='joe/1'/></qos>", ['connect']],
      ['get', "<key oid='a'/>", ['get']],
    ]),
  )('%s', (_, verb, text, commands) => {
    expect(decode(text, verb).map(brief)).toEqual(commands);
  });

  test.each<[text: string, message: RegExp]>([
    ["<erase><key oid='a'/></erase>", /^<erase> is not allowed here; this address takes <publish> only$/],
    ["<xmlBlaster><publish/><erase><key oid='a'/></erase></xmlBlaster>", /^<erase> is not allowed here/],
    ['<methodCall/>', /^<methodCall> is not allowed in <publish>; it may hold <key>, <content>, <qos>$/],
    ['hello', /^There is text directly inside <publish>: "hello"$/],
    ['<key>&x;</key>', /^Malformed XML, line 1, column 6: "&"/],
    ["<?xml version='1.0'?>\r\n<!--\n-->\n <key>&x;</key>", /^Malformed XML, line 4, column 7: "&"/],
    ["<?xml version='1.0'?><key>&x;</key>", /^Malformed XML, line 1, column 27: "&"/],
    ['<key></publish><publish>', /^Malformed XML, line 1, column 6: <\/publish> stands where <\/key> is expected$/],
    ['</publish><erase>', /^Malformed XML, line 1, column 11: there is a second root element$/],
    ['<!DOCTYPE a><key/>', /^Malformed XML, line 1, column 1: a document type \(DTD\) is refused/],
  ])('publish: %j is refused', (text, message) => {
    expect(refusalOf(() => decode(text, 'publish')).message).toMatch(message);
  });
});

describe('what is refused', () => {
  test.each(
    titled<[text: string, message: RegExp]>([
      ['', /there is no element/],
      [
        '<foo/>',
        /^<foo> is not a command; known are connect, disconnect, ping, publish, publishArr, subscribe, unSubscribe, get, erase$/,
      ],
      ['<PUBLISH/>', /^<PUBLISH> is not a command/],
      ['<__proto__/>', /^<__proto__> is not a command/],
      [`<${'x'.repeat(1_000)}/>`, /^<x{60}…> is not a command/],
      ...['wait', 'input', 'property', 'replaceTokens', 'replaceQosTokens', 'echo', 'publishOneway', 'update'].map(
        (name): [string, RegExp] => [
          `<xmlBlaster><${name}/></xmlBlaster>`,
          new RegExp(`^<${name}> is not supported in scripts sent to the broker; known are`),
        ],
      ),
      ['<xmlBlaster>hello<ping/></xmlBlaster>', /^There is text directly inside <xmlBlaster>: "hello"$/],
      [`<publish>${'x'.repeat(1_000)}</publish>`, /^There is text directly inside <publish>: "x{60}…"$/],
      ['<publish><key/><key/></publish>', /^<key> stands twice in <publish>$/],
      ['<publish><content/><content/></publish>', /^<content> stands twice in <publish>$/],
      [
        `<publish><${'x'.repeat(1_000)}/></publish>`,
        /^<x{60}…> is not allowed in <publish>; it may hold <key>, <content>, <qos>$/,
      ],
      ['<publish><QOS/></publish>', /^<QOS> is not allowed in <publish>/],
      ["<get><key oid='a'/><content/></get>", /^<content> is not allowed in <get>; it may hold <key>, <qos>$/],
      ['<connect><key/></connect>', /^<key> is not allowed in <connect>; it may hold <qos>$/],
      ['<ping><key/></ping>', /^<key> is not allowed in <ping>/],
      ['<publishArr><publish/></publishArr>', /^<publish> is not allowed in <publishArr>; it may hold <message>$/],
      ['<publishArr><message><foo/></message></publishArr>', /^<foo> is not allowed in <message>/],
      ['<subscribe/>', /^The key has no oid/],
      ["<publish><content link='/etc/passwd'/></publish>", /^<content link=…> is refused/],
    ]),
  )('%s', (_, text, message) => {
    const refusal = refusalOf(() => decode(text));
    expect(refusal.code).toBe('user.illegalArgument');
    expect(refusal.message).toMatch(message);
  });

  test.each<[title: string, text: string, message: RegExp]>([
    [
      'commands',
      `<xmlBlaster>${'<ping/>'.repeat(1_001)}</xmlBlaster>`,
      /^The script has 1001 commands; at most 1000 are allowed$/,
    ],
    ['messages', `<publishArr>${'<message/>'.repeat(1_001)}</publishArr>`, /^<publishArr> has more than 1000 messages$/],
    [
      'content',
      `<publish><content>${'x'.repeat(1_000_001)}</content></publish>`,
      /^The content has 1000001 bytes; at most 1000000 are allowed$/,
    ],
    ['key', `<publish><key>${'x'.repeat(65_536)}</key></publish>`, /^The key of "new-1" is longer than 65536 bytes$/],
    [
      'depth of the key',
      `<publish><key>${'<a>'.repeat(64)}${'</a>'.repeat(64)}</key></publish>`,
      /nested deeper than 64 elements$/,
    ],
    ['depth', `<publish><key>${'<a>'.repeat(10_000)}`, /elements are nested deeper than 264$/],
  ])('too much %s', (_, text, message) => {
    const refusal = refusalOf(() => decode(text));
    expect(refusal.code).toBe('user.maxSizeExceed');
    expect(refusal.message).toMatch(message);
  });

  test('a content of exactly the bound is not', () => {
    expect(decode(`<publish><content>${'ä'.repeat(500_000)}</content></publish>`)).toHaveLength(1);
  });
});
