/** The daemon's log: JSON lines on stdout, readable ones when stdout is a terminal. */

import {
  type DestinationStream,
  type Logger,
  type LoggerOptions,
  pino,
  stdTimeFunctions,
} from 'pino';
import type { StoreLogger } from '../storage/store-options.ts';
import type { LogLines } from './log-lines.ts';

export type { Logger } from 'pino';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const STDOUT_FD = 1;

/**
 * Lines are written synchronously, so that the last one before an exit is never lost; there are
 * few of them. Keys and values are never logged.
 */
export async function createLogger(level: LogLevel, lines: LogLines): Promise<Logger> {
  const options = { level, base: null, timestamp: stdTimeFunctions.isoTime };
  const labels = { formatters: { level: (label: string) => ({ level: label }) } };
  const hooks: LoggerOptions['hooks'] = {
    logMethod(args, method, number) {
      lines.count(number);
      method.apply(this, args);
    },
  };
  return pino({ ...options, ...labels, hooks }, await destination());
}

async function destination(): Promise<DestinationStream> {
  if (!process.stdout.isTTY) return pino.destination({ fd: STDOUT_FD, sync: true });
  const { PinoPretty } = await import('pino-pretty');
  return PinoPretty({ sync: true, translateTime: 'SYS:HH:MM:ss.l' });
}

/** The engine's events as lines of the log: `msg` is the event's stable name. */
export function storeLogger(log: Logger): StoreLogger {
  return (level, event, facts) => log[level]({ ...facts }, event);
}
