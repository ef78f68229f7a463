#!/usr/bin/env node
// Runs test classes of the original xmlBlaster's Java client against a broker that listens already, and prints a table. The
// original is not part of this project: say where a built one is.
//
// node test/original/run-suite.mjs --classpath 'DIR/classes:DIR/lib/*' [--host 127.0.0.1] [--port 3412] [--socket-port 7607] [CLASS…]
//
// A CLASS is named below org.xmlBlaster.test, such as qos.TestSub. Without one it is those that an external server can serve.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const PACKAGE = 'org.xmlBlaster.test';

/** Of each class, the tests it has; a class that runs fewer has not started its server connection. */
const CLASSES = {
  'qos.TestCallback': 1,
  'qos.TestCallbackConfig': 1,
  'qos.TestClientProperty': 8,
  'qos.TestErase': 1,
  'qos.TestGet': 2,
  'qos.TestPtD': 2,
  'qos.TestPtDQueue': 1,
  'qos.TestPtSession': 1,
  'qos.TestPub': 1,
  'qos.TestPubBurstMode': 1,
  'qos.TestPubForce': 1,
  'qos.TestQosData': 1,
  'qos.TestReconnectSameClientOnly': 1,
  'qos.TestSub': 1,
  'qos.TestSubDispatch': 1,
  'qos.TestSubExact': 1,
  'qos.TestSubGet': 1,
  'qos.TestSubId': 2,
  'qos.TestSubLostClient': 1,
  'qos.TestSubMulti': 1,
  'qos.TestSubMultiSubscribe': 4,
  'qos.TestSubNewestOnly': 1,
  'qos.TestSubNoDup': 2,
  'qos.TestSubNoInitial': 1,
  'qos.TestSubNoLocal': 1,
  'qos.TestSubNotify': 2,
  'qos.TestSubOneway': 1,
  'qos.TestSubXPath': 3,
  'qos.TestSubXPathMany': 1,
  'qos.TestUnSub': 4,
  'authentication.TestLogin': 1,
  'authentication.TestLogout': 1,
  'authentication.TestSession': 6,
  'authentication.TestSessionCb': 2,
  'client.TestCommand': 2,
  'client.TestRequestResponse': 1,
  'client.TestSynchronousCache': 1,
  'client.TestFilePollerPlugin': 8,
  'contrib.filewatcher.TestFileWatcherPlugin': 8,
  'distributor.TestConsumableQueue': 3,
  'jms.TestJmsSubscribe': 4,
  'jms.TestMessages': 3,
  'persistence.TestPersistence': 1,
  'stress.BigMessage': 1,
  'stress.LoadTestSub': 1,
  'stress.RamTest': 1,
  'topic.TestTopicLifeCycle': 10,
  'classtest.CommandWrapperTest': 2,
};

const MAX_CLASS_MS = 240_000;
const MAX_OUTPUT_CHARS = 10_000_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    classpath: { type: 'string' },
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '3412' },
    'socket-port': { type: 'string', default: '7607' },
  },
});
if (values.classpath === undefined) {
  process.stderr.write("run-suite: --classpath 'DIR/classes:DIR/lib/*' is missing: the classes of a built original\n");
  process.exit(2);
}
process.exitCode = (await runAll(positionals.length > 0 ? positionals : Object.keys(CLASSES))) ? 0 : 1;

async function runAll(names) {
  let failed = 0;
  process.stdout.write(`${'class'.padEnd(44)} | tests | bad | seconds | first failure\n`);
  for (const name of names) {
    const { tests, bad, seconds, failure } = await runClass(name);
    if (bad > 0 || tests < (CLASSES[name] ?? 1)) failed++;
    process.stdout.write(
      `${name.padEnd(44)} | ${String(tests).padStart(5)} | ${String(bad).padStart(3)} | ${seconds.padStart(7)} | ${failure}\n`,
    );
  }
  process.stdout.write(`${names.length - failed} of ${names.length} classes pass\n`);
  return failed === 0;
}

async function runClass(name) {
  const home = mkdtempSync(join(tmpdir(), 'suite-'));
  const start = performance.now();
  const output = await runJava(`${PACKAGE}.${name}`, home);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  rmSync(home, { recursive: true });
  const passed = /^OK \((\d+) tests?\)/m.exec(output);
  if (passed) return { tests: Number(passed[1]), bad: 0, seconds, failure: '' };
  const [, tests = '0', failures = '0', errors = '0'] = /^Tests run: (\d+), +Failures: (\d+), +Errors: (\d+)/m.exec(output) ?? [];
  const failure = /^1\) (.*)$/m.exec(output)?.[1] ?? output.trim().split('\n').at(-1) ?? '';
  return { tests: Number(tests), bad: Number(failures) + Number(errors) || 1, seconds, failure: failure.slice(0, 200) };
}

/** What JUnit's text runner says; a class that takes too long is ended. */
function runJava(className, home) {
  const settings = {
    'java.awt.headless': 'true',
    'user.home': home,
    protocol: 'SOCKET',
    startEmbedded: 'false',
    bootstrapHostname: values.host,
    bootstrapPort: values.port,
    'plugin/socket/hostname': values.host,
    'plugin/socket/port': values['socket-port'],
    'dispatch/connection/protocol': 'SOCKET',
    'dispatch/connection/plugin/socket/hostname': values.host,
    'dispatch/connection/plugin/socket/port': values['socket-port'],
  };
  const opens = ['java.lang', 'java.util'].flatMap((module) => ['--add-opens', `java.base/${module}=ALL-UNNAMED`]);
  const flags = Object.entries(settings).map(([key, value]) => `-D${key}=${value}`);
  const args = [...opens, ...flags, '-cp', values.classpath, 'junit.textui.TestRunner', className];
  return new Promise((resolve, reject) => {
    const java = spawn('java', args, { cwd: home, stdio: ['ignore', 'pipe', 'pipe'], timeout: MAX_CLASS_MS });
    let output = '';
    const collect = (piece) => {
      output = (output + piece).slice(-MAX_OUTPUT_CHARS);
    };
    java.stdout.on('data', collect);
    java.stderr.on('data', collect);
    java.on('error', reject);
    java.on('close', () => resolve(output));
  });
}
