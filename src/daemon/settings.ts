/**
 * Every setting of the daemon, once: its name in the configuration file, from which the flag
 * (`--sync-interval-ms`) and the environment variable (`CASKD_SYNC_INTERVAL_MS`) follow, its kind
 * and its help. Defaults of the engine and of the server stand with them; the text here repeats
 * them for `--help`.
 */

import { LOG_LEVELS } from './logging.ts';

export type SettingKind =
  | { readonly type: 'text' }
  | { readonly type: 'choice'; readonly choices: readonly string[] }
  /** An integer; the engine or the server checks its range. */
  | { readonly type: 'integer' }
  /** An integer with an optional suffix k, m, g (powers of 1024). */
  | { readonly type: 'bytes' }
  /** A number between 0 and 1. */
  | { readonly type: 'ratio' }
  /** True when the flag is there; it takes no value. */
  | { readonly type: 'switch' }
  | { readonly type: 'boolean' }
  /** `FROM-TO` in local hours, e.g. 22-6. */
  | { readonly type: 'hours' };

export interface Setting {
  readonly kind: SettingKind;
  readonly help: string;
  /** The default in words. */
  readonly byDefault: string;
}

const text = { type: 'text' } as const;
const integer = { type: 'integer' } as const;
const bytes = { type: 'bytes' } as const;
const ratio = { type: 'ratio' } as const;

function setting(kind: SettingKind, byDefault: string, help: string): Setting {
  return { kind, help, byDefault };
}

/** `config` is not here: it says where the file is. */
export const SETTINGS = {
  data: setting(text, './caskd-data', 'the data directory; created if its parent exists'),
  listen: setting(text, '127.0.0.1:7117', 'HOST:PORT or [IPV6]:PORT; port 0 takes a free one'),
  insecure: setting({ type: 'switch' }, 'off', 'allow an address that others can reach'),
  logLevel: setting({ type: 'choice', choices: LOG_LEVELS }, 'info', 'what to log'),

  durability: setting(
    { type: 'choice', choices: ['always', 'interval', 'os'] },
    'always',
    'when a write is answered: synced, or written and synced later, or left to the kernel',
  ),
  syncIntervalMs: setting(integer, '1000', 'durability interval: time between syncs'),
  segmentBytes: setting(bytes, '256m', 'a segment is rolled before it grows past this'),
  preallocateBytes: setting(bytes, '16m', 'how far the active segment is extended ahead'),
  maxKeyBytes: setting(bytes, '65535', 'longest key'),
  maxValueBytes: setting(bytes, '16m', 'longest value; at most a quarter of a segment'),
  maxBatchItems: setting(integer, '10000', 'most items of a batch'),
  maxBatchBytes: setting(bytes, '32m', 'most bytes of a batch; at most half a segment'),
  maxRangeItems: setting(integer, '10000', 'most items of a range page'),
  maxRangeBytes: setting(bytes, '4m', 'most bytes of a range page'),
  maxKeydirBytes: setting(bytes, 'a quarter of memory', 'memory of keys and index'),
  cacheBytes: setting(bytes, '1/16 of memory, at most 256m', 'memory of the value cache'),
  maxWriteQueueBytes: setting(bytes, '64m', 'writes accepted and not yet committed'),
  maxOpenSegments: setting(integer, '256', 'files of sealed segments kept open'),
  maxJobs: setting(integer, '4', 'long work (deleting a range, ...) underway at a time'),
  ballastBytes: setting(bytes, '1m', 'a file that is given up when the disk is full'),

  mergeAutomatic: setting({ type: 'boolean' }, 'true', 'merge when there is reason to'),
  mergeTriggerDeadRatio: setting(ratio, '0.5', 'dead share of a segment that starts a merge'),
  mergeTriggerDeadBytes: setting(bytes, '128m', 'dead bytes of a segment that start a merge'),
  mergeThresholdDeadRatio: setting(ratio, '0.3', 'dead share at which a segment joins in'),
  mergeSmallSegmentBytes: setting(bytes, '8m', 'segments below this are gathered'),
  mergeSmallSegmentCount: setting(integer, '8', 'so many small segments start a merge'),
  mergeInputBytesMax: setting(bytes, '4g', 'most input of one automatic merge'),
  mergeBytesPerSecond: setting(bytes, '0: no limit', 'most bytes that a merge copies a second'),
  mergeWindowHours: setting({ type: 'hours' }, 'always', 'FROM-TO: when merges may start'),
  mergeCheckIntervalMs: setting(integer, '10000', 'how often to look for reasons to merge'),

  maxConnections: setting(integer, '1000', 'most connections at a time'),
  maxInFlight: setting(integer, '4096', 'unanswered requests of a connection'),
  handshakeTimeoutMs: setting(integer, '5000', 'time for preamble and HELLO'),
  frameTimeoutMs: setting(integer, '30000', 'time for a frame once begun'),
  idleTimeoutMs: setting(integer, '600000', 'a connection silent for so long is closed'),
  outputSoftBytes: setting(bytes, '16m', 'unsent replies that stop reading'),
  outputHardBytes: setting(bytes, '64m', 'unsent replies that close the connection'),
  outputTimeoutMs: setting(integer, '10000', 'how long replies may lie above the soft limit'),
  shutdownGraceMs: setting(integer, '30000', 'time to finish what was asked before exiting'),
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof SETTINGS;
export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];

/** `syncIntervalMs` -> `--sync-interval-ms` */
export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** `syncIntervalMs` -> `CASKD_SYNC_INTERVAL_MS` */
export function environmentNameOf(name: string): string {
  return `CASKD_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** What a setting's text means, or what is wrong with it. */
export type Parsed = { readonly value: SettingValue } | { readonly problem: string };
export type SettingValue = string | number | boolean | readonly [number, number];

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };
const BYTES = /^(\d{1,15})([kmg]?)(?:i?b)?$/i;
const HOURS = /^(\d{1,2})-(\d{1,2})$/;

/** Reads a setting as it stands in a flag, a variable or the file. */
export function parseSetting(kind: SettingKind, given: string | number | boolean): Parsed {
  const written = String(given).trim();
  switch (kind.type) {
    case 'text':
      return written === '' ? { problem: 'is empty' } : { value: written };
    case 'choice':
      return kind.choices.includes(written)
        ? { value: written }
        : { problem: `is "${written}", allowed are ${kind.choices.join(', ')}` };
    case 'integer':
      return numberOr(/^\d{1,15}$/.test(written), Number(written), written, 'an integer');
    case 'bytes':
      return parseBytes(written);
    case 'ratio':
      return numberOr(/^(0?\.\d+|[01](\.0*)?)$/.test(written), Number(written), written, '0 to 1');
    case 'switch':
    case 'boolean':
      return parseBoolean(written);
    case 'hours':
      return parseHours(written);
  }
}

function numberOr(right: boolean, value: number, written: string, wanted: string): Parsed {
  return right ? { value } : { problem: `is "${written}", wanted is ${wanted}` };
}

function parseBytes(written: string): Parsed {
  const [, digits, unit = ''] = BYTES.exec(written) ?? [];
  const value = Number(digits) * (UNITS[unit.toLowerCase()] ?? Number.NaN);
  return numberOr(Number.isSafeInteger(value), value, written, 'a size such as 512, 64k, 16m, 2g');
}

function parseBoolean(written: string): Parsed {
  if (['true', '1', 'yes', 'on'].includes(written)) return { value: true };
  if (['false', '0', 'no', 'off'].includes(written)) return { value: false };
  return { problem: `is "${written}", wanted is true or false` };
}

function parseHours(written: string): Parsed {
  const [, from, to] = HOURS.exec(written) ?? [];
  const hours: readonly [number, number] = [Number(from), Number(to)];
  if (hours.every((hour) => hour >= 0 && hour <= 24)) return { value: hours };
  return { problem: `is "${written}", wanted are hours such as 22-6` };
}
