// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the variables of the original look like this
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type CommandLine, readCommandLine } from '../../../src/config/command-line.ts';
import { LEGACY_SETTINGS } from '../../../src/config/legacy-settings.ts';
import { flagOf } from '../../../src/config/options.ts';
import { sentenceOf, temporaryFile } from './config-files.ts';

type Start = Extract<CommandLine, { readonly action: 'start' }>;

function start(args: readonly string[], environment: Record<string, string> = {}): Start {
  const commandLine = readCommandLine(args, environment);
  if (commandLine.action !== 'start') throw new Error(`expected a start, not ${commandLine.action}`);
  return commandLine;
}

const propertiesFile = (content: string) => temporaryFile('xmlBlaster.properties', content);

describe('settings of the original', () => {
  test('on the command line', () => {
    const line =
      '-bootstrapPort 1 -plugin/socket/port 2 -cluster.node.id heron -queue/callback/maxEntries 500 -logging FINE --max-topics 7';
    const { config, ignored } = start(line.split(' '));
    expect(config).toMatchObject({
      port: 1,
      socketPort: 2,
      nodeId: 'heron',
      maxQueueEntries: 500,
      logLevel: 'debug',
      maxTopics: 7,
    });
    expect(ignored).toEqual([]);
  });

  test('of filters, with their class and its parameters', () => {
    const path = propertiesFile(`MimeAccessPlugin[GnuRegexFilter][1.0]=org.xmlBlaster.engine.mime.regex.GnuRegexFilter
MimeAccessPlugin[ContentLenFilter][1.0]=org.xmlBlaster.engine.mime.demo.ContentLenFilter, DEFAULT_MAX_LEN=200,THROW_EXCEPTION_FOR_LEN=3
MimeAccessPlugin[QosFilter][1.0]=org.xmlBlaster.engine.mime.xpath.XPathFilter,matchAgainstQos=\${isQos}
MimeAccessPlugin[Mine][1.0]=com.mycompany.MyFilter
MimeAccessPlugin[XPathFilter][2.0]=org.xmlBlaster.engine.mime.xpath.XPathFilter
`);
    const publish = [
      '-MimePublishPlugin[PublishLenChecker][1.0]',
      'org.xmlBlaster.engine.mime.demo.PublishLenChecker,DEFAULT_MAX_LEN=10',
    ];
    const { config, ignored } = start(['--properties', path, '-isQos', 'true', ...publish]);
    expect(config.accessFilter).toEqual([
      'ContentLenFilter=ContentLenFilter,DEFAULT_MAX_LEN=200,THROW_EXCEPTION_FOR_LEN=3',
      'QosFilter=XPathFilter,matchAgainstQos=true',
    ]);
    expect(config.publishFilter).toEqual(['PublishLenChecker,DEFAULT_MAX_LEN=10']);
    expect(ignored).toEqual(['MimeAccessPlugin[Mine][1.0]', 'MimeAccessPlugin[XPathFilter][2.0]']);
  });

  test('in a file, named by an option, by the name of the original, or in the environment', () => {
    const path = propertiesFile('bootstrapPort=5600\n');
    expect(start(['--properties', path]).config.port).toBe(5600);
    expect(start(['-propertyFile', path])).toMatchObject({ config: { port: 5600 }, ignored: [] });
    expect(start([], { XMLBLASTER_PROPERTIES: path }).config.port).toBe(5600);
  });

  test.each<[name: string, value: string, setting: object]>([
    ['bootstrapHostname', 'localhost', { host: 'localhost' }],
    ['plugin/socket/hostname', '127.0.0.2', { host: '127.0.0.2' }],
    ['bootstrapPort', '0', { port: 0 }],
    ['plugin/socket/port', '7700', { socketPort: 7700 }],
    ['plugin/xmlrpc/port', '8080', { xmlrpcPort: 8080 }],
    ['plugin/xmlrpc/port', '0', { xmlrpcPort: 'off' }],
    ['admin.remoteconsole.port', '2702', { telnetPort: 2702 }],
    ['admin.remoteconsole.port', '1000', { telnetPort: 'off' }],
    ['admin.remoteconsole.sessionTimeout', '60000', { telnetTimeout: 60_000 }],
    ['admin.remoteconsole.sessionTimeout', '-1', { telnetTimeout: 0 }],
    ['plugin/socket/port', '0', { socketPort: 'off' }],
    ['plugin/socket/port', '-1', { socketPort: 'off' }],
    ['plugin/socket/pingResponseTimeout', '500', { responseTimeout: 500 }],
    ['cluster.node.id', 'heron', { nodeId: 'heron' }],
    ['logging', 'OFF', { logLevel: 'silent' }],
    ['logging', 'WARNING', { logLevel: 'warn' }],
    ['logging/org.xmlBlaster', 'FINEST', { logLevel: 'trace' }],
    ['session.timeout', '1000', { sessionTimeout: 1000 }],
    ['session.timeout', '-1', { sessionTimeout: 0 }],
    ['session.maxSessions', '3', { maxSessionsPerSubject: 3 }],
    ['queue/callback/maxEntries', '500', { maxQueueEntries: 500 }],
    ['queue/maxEntries', '501', { maxQueueEntries: 501, maxHistoryEntries: 501 }],
    ['queue/callback/maxBytes', '4147483647', { maxQueueBytes: 4_147_483_647 }],
    ['queue/maxBytes', '10', { maxQueueBytes: 10 }],
    ['queue/history/maxEntries', '20', { maxHistoryEntries: 20 }],
    ['topic.destroyDelay', '3600000', { destroyDelay: 3_600_000 }],
    ['topic.destroyDelay', '-2', { destroyDelay: -1 }],
    ['message.maxLifeTime', '-1', { lifeTime: -1 }],
    ['message.maxLifeTime', '5000', { lifeTime: 5_000 }],
    ['plugin/socket/SSL', 'No', {}],
    ['Security.Server.Plugin.htpasswd.secretfile', 'NONE', { passwordFile: '' }],
    ['Security.Server.Plugin.htpasswd.secretfile', '/etc/users', { passwordFile: '/etc/users' }],
    ['Security.Server.Plugin.htpasswd.allowPartialUsername', 'Yes', { partialUserNames: true }],
    ['Security.Server.Plugin.htpasswd.allowPartialUsername', 'false', { partialUserNames: false }],
  ])('%s %s', (name, value, setting) => {
    expect(start([`-${name}`, value])).toMatchObject({ config: setting, ignored: [] });
    expect(start(['--properties', propertiesFile(`${name} = ${value} \n`)])).toMatchObject({ config: setting, ignored: [] });
  });

  test('an empty value says nothing', () => {
    expect(start(['--properties', propertiesFile('bootstrapPort=\nbootstrapHostname =\nplugin/socket/SSL=')])).toMatchObject({
      config: { port: 3412, host: '127.0.0.1' },
      ignored: [],
    });
  });

  test('go: file of the original, config file, environment, flags of the original, flags of ours', () => {
    const file = propertiesFile('bootstrapPort=1\nsession.maxSessions=1\nsession.timeout=1\nqueue/maxBytes=1\nlogging=FINE');
    const json = temporaryFile('config.json', '{"port": 2, "maxSessionsPerSubject": 2, "sessionTimeout": 2, "maxQueueBytes": 2}');
    const environment = { XMLBLASTER_PORT: '3', XMLBLASTER_MAX_SESSIONS_PER_SUBJECT: '3', XMLBLASTER_SESSION_TIMEOUT: '3' };
    const flags = ['-bootstrapPort', '4', '-session.maxSessions', '4', '--port', '5'];
    expect(start(['--properties', file, '--config', json, ...flags], environment).config).toMatchObject({
      port: 5,
      maxSessionsPerSubject: 4,
      sessionTimeout: 3,
      maxQueueBytes: 2,
      logLevel: 'debug',
    });
  });

  test('for one broker are stronger than those for all, and those for another are ignored', () => {
    const file = propertiesFile(
      'cluster.node.id=${me}\nme=heron\n/node/heron/bootstrapPort=1\nbootstrapPort=2\nsession.timeout[heron]=3\nsession.timeout=4\n' +
        '/node/avalon/session.maxSessions=5\nsession.maxSessions[avalon]=6',
    );
    const { config, ignored } = start(['--properties', file]);
    expect(config).toMatchObject({ nodeId: 'heron', port: 1, sessionTimeout: 3, maxSessionsPerSubject: 10 });
    expect(ignored).toEqual([
      'bootstrapPort',
      'session.timeout',
      '/node/avalon/session.maxSessions',
      'session.maxSessions[avalon]',
    ]);
    expect(start(['--properties', propertiesFile('/node/b/bootstrapPort=1'), '--node-id', 'b']).config.port).toBe(1);
  });

  test('without a meaning are ignored, each once; variables in them do not matter', () => {
    const file = propertiesFile(
      'JdbcDriver[x]=${unknown}\nname=joe\ncluster.node.id=${name}\nqueue/callback/maxEntriesCache=1\nlogging/a.b=FINE',
    );
    const { config, ignored } = start(['--properties', file, '-logging/a.b', 'FINEST', '-colour', 'red']);
    expect(config.nodeId).toBe('joe');
    expect(ignored).toEqual(['JdbcDriver[x]', 'queue/callback/maxEntriesCache', 'logging/a.b', 'colour']);
  });

  test('that a stronger name makes void are ignored as well', () => {
    const { config, ignored } = start(['-plugin/socket/hostname', '127.0.0.2', '-bootstrapHostname', '127.0.0.3']);
    expect(config.host).toBe('127.0.0.3');
    expect(ignored).toEqual(['plugin/socket/hostname']);
  });

  test('take variables from flags, the system, the file, and the environment, in this order', () => {
    const textOf = (value: string, args: readonly string[] = [], environment: Record<string, string> = {}): string =>
      start(['--properties', propertiesFile(`cluster.node.id=${value}\nx=file\nuser.home=file`), ...args], environment).config
        .nodeId;
    expect(textOf('${x}', [], { x: 'environment' })).toBe('file');
    expect(textOf('${x}', ['-x', 'flag'])).toBe('flag');
    expect(textOf('${y}', [], { y: 'environment' })).toBe('environment');
    expect(textOf('${user.home}${file.separator}${user.name}', [], { USER: 'joe' })).toBe(join(homedir(), 'joe'));
    expect(start(['-cluster.node.id', '${XMLBLASTER_HOME}'], { XMLBLASTER_HOME: '/opt' }).config.nodeId).toBe('/opt');
  });

  test('help is asked for as in the original', () => {
    for (const help of ['-help', '-h', '-?']) expect(readCommandLine([help], {})).toEqual({ action: 'help' });
  });

  test('stand in README.md, every one with our option', () => {
    const readme = readFileSync(join(import.meta.dirname, '../../../README.md'), 'utf8');
    const section = /### Settings of the original\n([\s\S]*?)\n##/.exec(readme)?.[1] ?? '';
    const rows = [...section.matchAll(/^\| (.*?) \| `--([\w-]+)` \|/gm)].map(([, names = '', flag]) => [
      [...names.matchAll(/`(.*?)`/g)].map(([, name]) => name),
      flag,
    ]);
    expect(rows).toEqual(LEGACY_SETTINGS.map(({ names, option }) => [names, flagOf(option)]));
  });
});

describe('what cannot be, of the original', () => {
  test.each<[args: string[], sentence: RegExp]>([
    [['-bootstrapPort'], /^-bootstrapPort has no value/],
    [['-bootstrapPort', 'x'], /^-bootstrapPort must be a whole number from 0 to 65535, not "x"$/],
    [['-session.maxSessions', '0'], /^-session.maxSessions must be a whole number from 1 /],
    [['-logging', 'LOUD'], /^-logging must be one of OFF, SEVERE, .*ALL, not "LOUD"$/],
    [['-logging', 'toString'], /^-logging must be one of/],
    [['-cluster.node.id', '${x}'], /^-cluster.node.id: the variable \$\{x\} is unknown/],
    [['-plugin/socket/SSL', 'maybe'], /^-plugin\/socket\/SSL must be true or false, not "maybe"$/],
    [['-plugin/socket/SSL', 'true'], /^-plugin\/socket\/SSL protects nothing here: .*--tls-cert/],
    [['-bootstrapHostname', '0.0.0.0'], /--allow-anonymous/],
    [['-bootstrapPort', '1', 'stray'], /stray/],
    [['--', '-bootstrapPort'], /bootstrapPort/],
  ])('%j is told in one sentence', (args, sentence) => {
    const message = sentenceOf(() => readCommandLine(args, {}));
    expect(message).toMatch(sentence);
    expect(message).not.toContain('\n');
  });

  test('in a file names its line', () => {
    const path = propertiesFile('# ports\nport = x\nbootstrapPort = \\\n  ${port}\n');
    expect(sentenceOf(() => readCommandLine(['--properties', path], {}))).toBe(
      `bootstrapPort (${path}, line 3) must be a whole number from 0 to 65535, not "x"`,
    );
  });

  test('TLS of the original is fine with TLS of ours', () => {
    const args = ['-plugin/socket/SSL', 'true', '--tls-cert', 'c.pem', '--tls-key', 'k.pem'];
    expect(start(args)).toMatchObject({ config: { tlsCert: 'c.pem' }, ignored: [] });
  });
});
