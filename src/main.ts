#!/usr/bin/env node
import { setTimeout as delay } from 'node:timers/promises';
import { createLogger, type Logger } from './base/logger.ts';
import { type CommandLine, helpText, readCommandLine } from './config/command-line.ts';
import { ConfigError } from './config/config-error.ts';
import { type Server, StoreError, startServer, version } from './server.ts';
import { runStoreCommand, type StoreVerb } from './store/store-command.ts';

/** Wrong use of the command line. */
const EXIT_USAGE = 2;
/** The machine does not let the broker start. */
const EXIT_FAILURE = 1;
/** A signal to a process group arrives twice, once by way of npm: who is gone when the second comes looks killed. */
const SECOND_SIGNAL_MS = 100;

await main();

async function main(): Promise<void> {
  const commandLine = parse();
  if (commandLine?.action === 'help') process.stdout.write(helpText());
  if (commandLine?.action === 'version') process.stdout.write(`${version}\n`);
  if (commandLine?.action === 'store') await inspect(commandLine.verb, commandLine.directories);
  if (commandLine?.action !== 'start') return;
  const { config, ignored } = commandLine;
  const logger = createLogger(config.logLevel);
  if (ignored.length > 0) logger.warn(`Settings of the original without a meaning here, ignored: ${ignored.join(', ')}`);
  const stopped = waitForSignal();
  try {
    const server = await startServer(config, { logger });
    logger.info(`xmlBlaster broker ${version} listens on ${describe(server.addresses)}`);
    await stop(server, await Promise.race([stopped, asked(server)]), logger);
  } catch (error) {
    if (error instanceof ConfigError) return refuse(error);
    logger.fatal(startFailure(error, config.host, config.port));
    process.exitCode = EXIT_FAILURE;
  }
}

async function inspect(verb: StoreVerb, directories: readonly string[]): Promise<void> {
  const { isGood, text } = await runStoreCommand(verb, directories);
  (isGood ? process.stdout : process.stderr).write(`${text}\n`);
  if (!isGood) process.exitCode = EXIT_FAILURE;
}

/** An administrator says that it is to end, and with which exit code. */
async function asked({ exitRequested }: Server): Promise<string> {
  process.exitCode = await exitRequested;
  return '?exit';
}

function describe({ http, socket, xmlrpc, telnet }: Server['addresses']): string {
  const places = [['http', http] as const, ['socket', socket] as const, ['http', xmlrpc] as const, ['telnet', telnet] as const];
  return places.flatMap(([scheme, address]) => (address ? `${scheme}://${hostAndPort(address)}` : [])).join(' and ');
}

function hostAndPort({ address, port }: Server['addresses']['http']): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}`;
}

function parse(): CommandLine | undefined {
  try {
    return readCommandLine(process.argv.slice(2), process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    refuse(error);
    return undefined;
  }
}

function refuse(error: ConfigError): void {
  process.stderr.write(`xmlblaster: ${error.message}\n`);
  process.exitCode = EXIT_USAGE;
}

function waitForSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, resolve);
  });
}

async function stop(server: Server, signal: string, logger: Logger): Promise<void> {
  logger.info(`${signal}: stopping`);
  await server.close();
  await delay(SECOND_SIGNAL_MS);
}

function startFailure(error: unknown, host: string, port: number): string {
  if (error instanceof StoreError) return error.message;
  const code = (error as NodeJS.ErrnoException).code;
  const place = `port ${port} on ${host}`;
  if (code === 'EADDRINUSE') return `Another program listens on ${place}; stop it, or choose another port with --port`;
  if (code === 'EACCES') return `This user may not listen on ${place}; choose a port above 1023 with --port`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return `This machine has no address ${host}; choose one of its own with --host`;
  return `The broker cannot start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
