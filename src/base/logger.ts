import { type DestinationStream, type Logger, pino } from 'pino';
import pretty from 'pino-pretty';

export type { Logger };

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A logger that writes one line per event: readable on a terminal, JSON otherwise. */
export function createLogger(level: LogLevel, destination?: DestinationStream): Logger {
  if (destination) return pino({ level }, destination);
  if (process.stdout.isTTY)
    return pino({ level }, pretty({ colorize: true, ignore: 'pid,hostname', singleLine: true, sync: true }));
  return pino({ level });
}
