import { type DestinationStream, type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import type { LogLevel } from './log-level.ts';

export type { Logger };

/** A warning or an error that was logged. */
export interface LoggedProblem {
  readonly level: 'warning' | 'severe';
  readonly text: string;
}

type ProblemListener = (problem: LoggedProblem) => void;

/** pino's numbers of levels. */
const WARN = 40;
const ERROR = 50;

const listeners = new WeakMap<object, Set<ProblemListener>>();

/** A logger that writes one line per event: readable on a terminal, JSON otherwise. */
export function createLogger(level: LogLevel, destination?: DestinationStream): Logger {
  const watching = new Set<ProblemListener>();
  const logger = pino({ level, hooks: { logMethod: tellProblems(watching) } }, destination ?? standardOutput());
  listeners.set(logger, watching);
  return logger;
}

/**
 * Calls `listener` for every warning and error that is logged, after it has been; not for what the level hides. Loggers that
 * `createLogger` did not make tell nothing. Returns how to end it.
 */
export function watchProblems(logger: Logger, listener: ProblemListener): () => void {
  const watching = listeners.get(logger);
  watching?.add(listener);
  return () => void watching?.delete(listener);
}

function standardOutput(): DestinationStream {
  if (!process.stdout.isTTY) return pino.destination(1);
  return pretty({ colorize: true, ignore: 'pid,hostname', singleLine: true, sync: true });
}

type LogMethod = (this: Logger, args: Parameters<pino.LogFn>, method: pino.LogFn, level: number) => void;

function tellProblems(watching: ReadonlySet<ProblemListener>): LogMethod {
  return function logMethod(args, method, level) {
    method.apply(this, args);
    if (level < WARN || watching.size === 0) return;
    const problem: LoggedProblem = { level: level < ERROR ? 'warning' : 'severe', text: textOf(args) };
    for (const listener of watching) listener(problem);
  };
}

function textOf([first, second]: readonly unknown[]): string {
  if (typeof first === 'string') return first;
  const error = (first as { readonly err?: unknown } | undefined)?.err;
  const reason = error instanceof Error ? error.message : '';
  return [second, reason].filter((part) => typeof part === 'string' && part !== '').join(': ');
}
