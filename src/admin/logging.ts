import { JAVA_LOG_LEVELS, LOG_LEVELS, type LogLevel } from '../base/log-level.ts';
import { shorten } from '../base/shorten.ts';
import { BrokerError } from '../model/error.ts';
import type { Command } from './command.ts';

/** The names behind `logging/?` that mean the log; there is one, whatever the package of the original. */
const LOGGER_NAME = /^(level|org\.xmlBlaster(\.[\w.]+)?)$/;

/** `logging/?level=debug`, or as in the original `logging/?org.xmlBlaster=FINE`. */
export function loggingCommand(name: string): Command<undefined> | undefined {
  return LOGGER_NAME.test(name) ? LEVEL : undefined;
}

const LEVEL: Command<undefined> = {
  help: `the level of the log: ${LOG_LEVELS.join(', ')}, or one of java.util.logging`,
  read: (_, { log }) => log.logger.level,
  write: (_, text, { log }) => {
    log.logger.level = parseLevel(text.trim());
  },
};

function parseLevel(text: string): LogLevel {
  const own = LOG_LEVELS.find((level) => level === text.toLowerCase());
  const level = own ?? (Object.hasOwn(JAVA_LOG_LEVELS, text) ? JAVA_LOG_LEVELS[text] : undefined);
  if (level) return level;
  const known = [...LOG_LEVELS, ...Object.keys(JAVA_LOG_LEVELS)].join(', ');
  throw new BrokerError('user.illegalArgument', `"${shorten(text)}" is not a level of the log; known are ${known}`);
}
