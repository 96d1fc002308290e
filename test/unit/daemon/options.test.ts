import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { EXIT } from '../../../src/daemon/exit-codes.ts';
import { parseOptions, UsageError } from '../../../src/daemon/options.ts';
import {
  environmentNameOf,
  flagOf,
  parseSetting,
  SETTING_NAMES,
} from '../../../src/daemon/settings.ts';

const directory = mkdtempSync(join(tmpdir(), 'caskd-options-'));
afterAll(() => rmSync(directory, { recursive: true }));

type Environment = Record<string, string>;

function parse(args: string[], environment: Environment = {}) {
  return parseOptions(['node', 'caskd', ...args], environment, '1.2.3');
}

function problems(args: string[], environment: Environment = {}): UsageError {
  try {
    parse(args, environment);
  } catch (thrown) {
    if (thrown instanceof UsageError) return thrown;
    throw thrown;
  }
  throw new Error('no problem was found');
}

function file(text: string): string {
  const path = join(directory, 'caskd.toml');
  writeFileSync(path, text);
  return path;
}

test('defaults', () => {
  expect(parse([])).toEqual({
    listen: { host: '127.0.0.1', port: 7117 },
    insecure: false,
    logLevel: 'info',
    shutdownGraceMs: 30_000,
    store: { directory: './caskd-data', merge: {} },
    server: {},
    origins: new Map(),
  });
});

test('each part gets its settings, sizes with suffixes', () => {
  const args = ['--data', '/d', '--listen', '[::1]:0', '--durability', 'interval'];
  args.push('--sync-interval-ms', '50', '--segment-bytes', '64m', '--cache-bytes', '2GiB');
  args.push('--merge-automatic', 'false', '--merge-trigger-dead-ratio', '.25');
  args.push('--merge-window-hours', '22-6', '--max-connections', '5', '--max-in-flight', '7');
  const options = parse(args);
  expect(options.listen).toEqual({ host: '::1', port: 0 });
  expect(options.store).toEqual({
    directory: '/d',
    durability: 'interval',
    syncIntervalMs: 50,
    segmentBytes: 64 * 1024 * 1024,
    cacheBytes: 2 * 1024 ** 3,
    merge: { automatic: false, triggerDeadRatio: 0.25, windowHours: [22, 6] },
  });
  expect(options.server).toEqual({ maxConnections: 5, maxInFlight: 7 });
});

test('flags over environment over file over defaults', () => {
  const path = file('data = "file"\nsyncIntervalMs = 1\nmaxInFlight = 1\ndurability = "os"\n');
  const environment = { CASKD_DATA: 'env', CASKD_SYNC_INTERVAL_MS: '2', CASKD_URL: 'cask://x' };
  const options = parse(['--data', 'flag', '--config', path], environment);
  expect(options.store).toMatchObject({ directory: 'flag', syncIntervalMs: 2, durability: 'os' });
  expect(options.server).toEqual({ maxInFlight: 1 });
  expect(Object.fromEntries(options.origins)).toEqual({
    data: 'flag',
    syncIntervalMs: 'environment',
    maxInFlight: 'file',
    durability: 'file',
  });
  expect(parse([], { CASKD_CONFIG: path }).store.directory).toBe('file');
});

describe('what is wrong', () => {
  test('everything is listed', () => {
    const path = file('sgementBytes = 1\nlisten = ["a"]\nlogLevel = "loud"\n');
    const { lines, exitCode } = problems(
      ['--config', path, '--listen', 'nowhere', '--segment-bytes', '5x'],
      { CASKD_DURABILITY: 'never' },
    );
    expect(exitCode).toBe(EXIT.usage);
    expect(lines).toHaveLength(6);
    const all = lines.join('\n');
    const parts = ['sgementBytes in', 'listen in', 'logLevel in', 'CASKD_DURABILITY is "never"'];
    for (const part of [...parts, '--segment-bytes is "5x"', '--listen is "nowhere"']) {
      expect(all).toContain(part);
    }
  });

  test('a file that is not there, or not TOML', () => {
    expect(problems(['--config', '/nowhere.toml']).lines[0]).toContain('ENOENT');
    expect(problems(['--config', file('data = \n')]).lines[0]).toContain('caskd.toml');
  });

  test('unknown flags and arguments', () => {
    expect(problems(['--nonsense']).lines[0]).toContain('--nonsense');
    expect(problems(['stray']).exitCode).toBe(EXIT.usage);
    expect(problems(['--data']).lines[0]).toContain('--data');
  });

  test('others could reach it', () => {
    const problem = problems(['--listen', '0.0.0.0:7117']);
    expect(problem.exitCode).toBe(EXIT.address);
    expect(problem.lines[0]).toContain('--insecure');
    const allowed = parse(['--listen', '0.0.0.0:7117'], { CASKD_INSECURE: '1' });
    expect(allowed.listen.host).toBe('0.0.0.0');
  });
});

test('--help and --version end with 0', () => {
  const written: string[] = [];
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  expect(problems(['--version']).exitCode).toBe(EXIT.ok);
  expect(problems(['--help']).lines).toEqual([]);
  spy.mockRestore();
  expect(written[0]).toBe('1.2.3\n');
  for (const name of SETTING_NAMES) expect(written.join('')).toContain(flagOf(name));
});

test('names follow from one another', () => {
  expect(flagOf('maxKeydirBytes')).toBe('--max-keydir-bytes');
  expect(environmentNameOf('maxKeydirBytes')).toBe('CASKD_MAX_KEYDIR_BYTES');
});

test.each([
  ['64k', 65_536],
  ['1G', 1024 ** 3],
  ['16MiB', 16 * 1024 ** 2],
  ['10mb', 10 * 1024 ** 2],
  ['0', 0],
  ['', undefined],
  ['-1', undefined],
  ['1.5g', undefined],
  ['99999999999999g', undefined],
])('size %s', (text, bytes) => {
  const parsed = parseSetting({ type: 'bytes' }, text);
  expect('value' in parsed ? parsed.value : undefined).toBe(bytes);
});

test.each([
  ['0', 0],
  ['1.0', 1],
  ['0.5', 0.5],
  ['1.1', undefined],
  ['x', undefined],
])('ratio %s', (text, ratio) => {
  const parsed = parseSetting({ type: 'ratio' }, text);
  expect('value' in parsed ? parsed.value : undefined).toBe(ratio);
});
