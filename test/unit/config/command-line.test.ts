import { describe, expect, test } from 'vitest';
import { helpText, readCommandLine } from '../../../src/config/command-line.ts';
import { createConfig } from '../../../src/config/config.ts';
import type { Config } from '../../../src/config/options.ts';
import { sentenceOf, temporaryFile } from './config-files.ts';

/** Every option as a flag: all names of the configuration. */
const NAMES = Object.keys(createConfig({})) as (keyof Config)[];
const flagOf = (name: string): string =>
  `--${name.replace('XPath', 'Xpath').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

function configOf(args: readonly string[], environment: Record<string, string> = {}): Config {
  const commandLine = readCommandLine(args, environment);
  if (commandLine.action !== 'start') throw new Error(`expected a start, not ${commandLine.action}`);
  return commandLine.config;
}

function configFile(content: unknown): string {
  return temporaryFile('config.json', typeof content === 'string' ? content : JSON.stringify(content));
}

describe('where a setting comes from', () => {
  test('without any there are the defaults', () => {
    const config = configOf([]);
    expect(config).toMatchObject({ host: '127.0.0.1', port: 3412, logLevel: 'info', corsOrigin: [], allowAnonymous: false });
    expect(config).toMatchObject({ maxOidBytes: 1_024, maxKeyBytes: 65_536, maxKeyDepth: 64, maxXPathBytes: 4_096 });
    expect(config).toMatchObject({
      maxContentBytes: 10_485_760,
      maxCommands: 1_000,
      maxQueueEntries: 100_000,
      sessionTimeout: 86_400_000,
    });
    expect(config.maxBytes).toBeGreaterThan(1e7);
    expect(Object.isFrozen(config)).toBe(true);
  });

  test('the file goes before them, the environment before the file, flags before all', () => {
    const file = configFile({ port: 1, maxTopics: 1, maxSessions: 1, corsOrigin: ['http://file'] });
    const environment = { XMLBLASTER_PORT: '2', XMLBLASTER_MAX_TOPICS: '2' };
    expect(configOf(['--config', file])).toMatchObject({ port: 1, maxTopics: 1, maxSessions: 1, corsOrigin: ['http://file'] });
    expect(configOf(['--config', file], environment)).toMatchObject({ port: 2, maxTopics: 2, maxSessions: 1 });
    expect(configOf(['--config', file, '--port', '3'], environment)).toMatchObject({ port: 3, maxTopics: 2, maxSessions: 1 });
    expect(configOf([], { ...environment, XMLBLASTER_CONFIG: file }).maxSessions).toBe(1);
  });

  test('a frame may be 1 MiB larger than a content, unless somebody says otherwise', () => {
    expect(configOf([]).maxFrameBytes).toBe(11_534_336);
    expect(configOf(['--max-content-bytes', '50000000']).maxFrameBytes).toBe(51_048_576);
    expect(configOf(['--max-content-bytes', '50000000', '--max-frame-bytes', '1000']).maxFrameBytes).toBe(1_000);
    expect(helpText()).toMatch(/--max-frame-bytes … .*; default 1 MiB more than one content$/m);
  });

  const TEXTS: Partial<Record<string, string>> = {
    logLevel: 'debug',
    host: '127.0.0.2',
    corsOrigin: 'http://localhost:1',
    xmlrpcPort: 'off',
    telnetPort: 'off',
  };

  test('every option is a flag, an environment variable and a setting of the file', () => {
    for (const name of NAMES) {
      const example = createConfig({})[name];
      const text = typeof example === 'number' ? '1234' : (TEXTS[name] ?? 'x');
      const value =
        typeof example === 'number' ? 1234 : Array.isArray(example) ? [text] : typeof example === 'boolean' ? true : text;
      const flag = typeof example === 'boolean' ? [flagOf(name)] : [flagOf(name), text];
      const variable = `XMLBLASTER${flagOf(name).slice(1).replaceAll('-', '_').toUpperCase()}`;
      expect(configOf(flag)[name], flag.join(' ')).toEqual(value);
      expect(configOf([], { [variable]: typeof example === 'boolean' ? '1' : text })[name], variable).toEqual(value);
      expect(configOf(['--config', configFile({ [name]: value })])[name], name).toEqual(value);
    }
  });

  test('the second port can be off', () => {
    expect(configOf([]).socketPort).toBe(7607);
    expect(configOf(['--socket-port', 'off']).socketPort).toBe('off');
    expect(configOf(['--xmlrpc-port', '8080']).xmlrpcPort).toBe(8080);
    expect(configOf([], { XMLBLASTER_SOCKET_PORT: 'off' }).socketPort).toBe('off');
  });

  test('settings of filters have commas inside, and stand between semicolons in the environment', () => {
    const wanted = ['A,b=1,c=2', 'D'];
    expect(configOf(['--publish-filter', 'A,b=1,c=2', '--publish-filter', 'D']).publishFilter).toEqual(wanted);
    expect(configOf([], { XMLBLASTER_PUBLISH_FILTER: 'A,b=1,c=2; D' }).publishFilter).toEqual(wanted);
  });

  test('lists are repeated flags, or stand between commas', () => {
    expect(configOf(['--allowed-host', 'a', '--allowed-host', 'b']).allowedHost).toEqual(['a', 'b']);
    expect(configOf([], { XMLBLASTER_ALLOWED_HOST: 'a, b' }).allowedHost).toEqual(['a', 'b']);
  });

  test('an empty environment variable says nothing', () => {
    expect(configOf([], { XMLBLASTER_PORT: '' }).port).toBe(3412);
  });
});

describe('what cannot be', () => {
  test.each<[args: string[], sentence: RegExp]>([
    [['--colour'], /--colour.*--help/],
    [['--port'], /--port/],
    [['--port', 'x'], /--port must be a whole number from 0 to 65535, not "x"/],
    [['--port', '65536'], /--port .* 65535/],
    [['--port=-1'], /--port .* 65535/],
    [['--socket-port', 'on'], /--socket-port must be a whole number from 0 to 65535, or off, not "on"/],
    [['--socket-port', '65536'], /--socket-port .* 65535/],
    [['--max-topics', '0'], /--max-topics must be a whole number from 1/],
    [['--max-topics', '1.5'], /--max-topics/],
    [['--max-topics', '99999999999999999999'], /--max-topics/],
    [['--log-level', 'loud'], /--log-level must be one of .*info/],
    [['--allow-anonymous=yes'], /--allow-anonymous/],
    [['start'], /start/],
    [['--config', '/nowhere/at/all.json'], /\/nowhere\/at\/all\.json cannot be read/],
    [['--host', '0.0.0.0'], /--allow-anonymous.*-e XMLBLASTER_ALLOW_ANONYMOUS=1 -e XMLBLASTER_ALLOWED_HOST=/],
  ])('%j is told in one sentence', (args, sentence) => {
    const message = sentenceOf(() => readCommandLine(args, {}));
    expect(message).toMatch(sentence);
    expect(message).not.toContain('\n');
  });

  test.each<[environment: Record<string, string>, sentence: RegExp]>([
    [{ XMLBLASTER_COLOUR: 'red' }, /XMLBLASTER_COLOUR is unknown.*--help/],
    [{ XMLBLASTER_PORT: 'x' }, /--port.*"x"/],
    [{ XMLBLASTER_ALLOW_ANONYMOUS: 'yes' }, /--allow-anonymous/],
    [{ XMLBLASTER_ALLOWED_HOST: 'a,,b' }, /--allowed-host/],
  ])('in the environment: %j', (environment, sentence) => {
    expect(sentenceOf(() => readCommandLine([], environment))).toMatch(sentence);
  });

  test.each<[content: unknown, sentence: RegExp]>([
    ['{', /cannot be read/],
    ['[]', /one JSON object/],
    ['null', /one JSON object/],
    [{ colour: 'red' }, /unknown setting "colour"; known are host, port/],
    [{ port: 'x' }, /--port/],
    [{ port: 1.5 }, /--port/],
    [{ port: null }, /--port/],
    [{ corsOrigin: [1] }, /--cors-origin/],
    [{ host: 1 }, /--host must be a text/],
    [{ allowAnonymous: 'maybe' }, /--allow-anonymous/],
    ['{"__proto__": {"port": 1}}', /unknown setting "__proto__"/],
  ])('in the file: %j', (content, sentence) => {
    const path = configFile(content);
    expect(sentenceOf(() => readCommandLine(['--config', path], {}))).toMatch(sentence);
  });
});

describe('the address', () => {
  test.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost'])('%s needs no permission', (host) => {
    expect(configOf(['--host', host]).host).toBe(host);
  });

  test.each(['0.0.0.0', '::', '10.0.0.1', 'example.com', '127.evil.example', ''])(
    '%j needs passwords or --allow-anonymous',
    (host) => {
      expect(sentenceOf(() => createConfig({ host }))).toContain('--allow-anonymous');
      expect(createConfig({ host, allowAnonymous: true }).host).toBe(host);
      expect(createConfig({ host, passwordFile: 'passwords' }).host).toBe(host);
    },
  );

  test('makes the name of the broker, unless it has one', () => {
    expect(createConfig({}).nodeId).toBe('xmlBlaster_127_0_0_1_3412');
    expect(createConfig({ nodeId: 'heron' }).nodeId).toBe('heron');
  });
});

describe('what else the command line asks for', () => {
  test('--help and --version go before everything that is wrong', () => {
    expect(readCommandLine(['--help', '--port', 'x'], { XMLBLASTER_COLOUR: 'red' })).toEqual({ action: 'help' });
    expect(readCommandLine(['--version'], {})).toEqual({ action: 'version' });
  });

  test('the help names every option with its default', () => {
    const help = helpText();
    for (const name of NAMES) expect(help).toMatch(new RegExp(`^ {2}${flagOf(name)}\\b`, 'm'));
    for (const option of ['--config', '--help', '--version', 'XMLBLASTER_LOG_LEVEL', '(3412)']) expect(help).toContain(option);
    expect(Math.max(...help.split('\n').map((line) => line.length))).toBeLessThanOrEqual(130);
  });
});
