/** The levels of the log, least to most. */
export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The levels of java.util.logging, which the original has, and which of ours has the same lines. */
export const JAVA_LOG_LEVELS: Readonly<Record<string, LogLevel>> = {
  OFF: 'silent',
  SEVERE: 'error',
  WARNING: 'warn',
  INFO: 'info',
  CONFIG: 'info',
  FINE: 'debug',
  FINER: 'debug',
  FINEST: 'trace',
  ALL: 'trace',
};
