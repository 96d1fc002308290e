import { describe, expect, test, vi } from 'vitest';
import { serverLimitsOf, storeOptionsOf } from '../../../../src/daemon/configuration/parts.ts';
import { EXIT } from '../../../../src/daemon/exit-codes.ts';
import { file, load, MEMORY_BYTES, problemsOf } from './load.ts';

test('defaults: owners are handed nothing but the directory, values are all known', () => {
  const configuration = load([]);
  expect(storeOptionsOf(configuration)).toEqual({ directory: './caskd-data', merge: {} });
  expect(serverLimitsOf(configuration)).toEqual({});
  expect(configuration.sources).toEqual(new Map());
  expect(configuration.values).toMatchObject({
    listen: '127.0.0.1:7117',
    logLevel: 'info',
    shutdownGraceMs: 30_000,
    maxKeydirBytes: MEMORY_BYTES / 4,
    cacheBytes: 256 * 1024 ** 2,
    maxValueBytes: 16 * 1024 ** 2,
    mergeWindowHours: 'always',
  });
});

test('where passwords are hashed, reads leave threads for that', () => {
  vi.stubEnv('UV_THREADPOOL_SIZE', '16');
  const readsOf = (...args: string[]) => storeOptionsOf(load(args)).maxReadsInFlight;
  expect(readsOf()).toBeUndefined();
  expect(readsOf('--users-file', 'u')).toBe(32 - 4);
  expect(readsOf('--users-file', 'u', '--max-reads-in-flight', '15')).toBe(15);
  vi.unstubAllEnvs();
});

test('defaults that depend on another setting follow it', () => {
  const { values } = load(['--segment-bytes', '1m']);
  expect(values).toMatchObject({ maxValueBytes: 262_144, maxBatchBytes: 524_288 });
});

test('each owner gets its settings, sizes with suffixes', () => {
  const args = ['--data', '/d', '--listen', '[::1]:0', '--durability', 'interval'];
  args.push('--sync-interval-ms', '50', '--segment-bytes', '64m', '--cache-bytes', '2GiB');
  args.push('--merge-automatic', 'false', '--merge-trigger-dead-ratio', '.25');
  args.push('--merge-window-hours', '22-6', '--max-connections', '5', '--max-in-flight', '7');
  const configuration = load(args);
  expect(configuration.values.listen).toBe('[::1]:0');
  expect(storeOptionsOf(configuration)).toEqual({
    directory: '/d',
    durability: 'interval',
    syncIntervalMs: 50,
    segmentBytes: 64 * 1024 * 1024,
    cacheBytes: 2 * 1024 ** 3,
    merge: { automatic: false, triggerDeadRatio: 0.25, windowHours: [22, 6] },
  });
  expect(serverLimitsOf(configuration)).toEqual({ maxConnections: 5, maxInFlight: 7 });
});

test('flags over environment over file over defaults', () => {
  const path = file('data = "file"\nsyncIntervalMs = 1\nmaxInFlight = 1\ndurability = "os"\n');
  const environment = { CASKD_DATA: 'env', CASKD_SYNC_INTERVAL_MS: '2', CASKD_URL: 'cask://x' };
  const { values, sources } = load(['--data', 'flag', '--config', path], environment);
  expect(values).toMatchObject({ data: 'flag', syncIntervalMs: 2, durability: 'os' });
  expect(values).toMatchObject({ maxInFlight: 1, maxConnections: 1000 });
  expect(Object.fromEntries(sources)).toEqual({
    data: { origin: 'flag', place: '--data' },
    syncIntervalMs: { origin: 'environment', place: 'CASKD_SYNC_INTERVAL_MS' },
    maxInFlight: { origin: 'file', place: `maxInFlight in ${path}, line 3` },
    durability: { origin: 'file', place: `durability in ${path}, line 4` },
  });
  expect(load([], { CASKD_CONFIG: path }).values.data).toBe('file');
});

test('a switch needs no value, and may have one', () => {
  expect(load(['--insecure', '--listen', '0.0.0.0:1']).values.insecure).toBe(true);
  expect(load(['--insecure', 'off', '--merge-automatic']).values).toMatchObject({
    insecure: false,
    mergeAutomatic: true,
  });
});

describe('wrong values', () => {
  test('everything is listed, with its place and what is allowed', () => {
    const path = file(
      [
        '# a comment',
        'sgementBytes = 1',
        'listen = ["a"]',
        'logLevel = "loud"',
        'data = 5',
        'maxConnections = 0',
        'syncIntervalMs = 1.5',
        '[merge]',
        'automatic = true',
        '',
      ].join('\n'),
    );
    const { lines, exitCode } = problemsOf(
      ['--config', path, '--listen', 'nowhere', '--segment-bytes', '5x', '--max-batch-items', '-1'],
      { CASKD_DURABILITY: 'never', CASKD_MERGE_WINDOW_HOURS: '7-25' },
    );
    expect(exitCode).toBe(EXIT.usage);
    const sizes = 'a size such as 512, 64k, 16m, 2g; allowed are 4k to 4294967295';
    expect(lines).toEqual([
      `sgementBytes in ${path}, line 2 is not a setting; did you mean segmentBytes?`,
      `listen in ${path}, line 3 must be a single value, not a list, a table or a date`,
      `merge in ${path}, line 8 is not a setting`,
      `logLevel in ${path}, line 4 is "loud", wanted is one of debug, info, warn, error, silent`,
      `data in ${path}, line 5 is 5, wanted is a path`,
      `maxConnections in ${path}, line 6 is 0, allowed are 1 to 100000`,
      `syncIntervalMs in ${path}, line 7 is 1.5, wanted is a whole number of milliseconds; allowed are 1 to 3600000`,
      'CASKD_DURABILITY is "never", wanted is one of always, interval, os',
      'CASKD_MERGE_WINDOW_HOURS is "7-25", wanted is two different hours from 0 to 24 such as 22-6, or always',
      '--listen is "nowhere", wanted is HOST:PORT, e.g. 127.0.0.1:7117 or [::1]:0',
      `--segment-bytes is "5x", wanted is ${sizes}`,
      '--max-batch-items is -1, allowed are 1 to 50000',
    ]);
  });

  test('rules between settings name the places of all that were given', () => {
    const path = file('maxValueBytes = "2m"\noutputSoftBytes = "128m"\n');
    const { lines, exitCode } = problemsOf(
      ['--config', path, '--max-batch-bytes', '4m', '--max-connections', '0'],
      { CASKD_SEGMENT_BYTES: '4m' },
    );
    expect(exitCode).toBe(EXIT.usage);
    expect(lines).toEqual([
      '--max-connections is 0, allowed are 1 to 100000',
      `maxValueBytes in ${path}, line 1, CASKD_SEGMENT_BYTES: maxValueBytes is 2097152, allowed is at most a quarter of segmentBytes, 1048576`,
      '--max-batch-bytes, CASKD_SEGMENT_BYTES: maxBatchBytes is 4194304, allowed is at most half of segmentBytes, 2097152',
      `outputSoftBytes in ${path}, line 2: outputHardBytes is 67108864, allowed is no less than outputSoftBytes, 134217728`,
    ]);
  });

  test('a rule about a value that is none is not held against the others', () => {
    expect(problemsOf(['--segment-bytes', '1', '--max-value-bytes', '512m']).lines).toEqual([
      '--segment-bytes is 1, allowed are 4k to 4294967295',
    ]);
  });
});

describe('wrong names and words', () => {
  test('a file that is not there, or not TOML', () => {
    expect(problemsOf(['--config', '/nowhere.toml']).lines[0]).toContain('ENOENT');
    expect(problemsOf(['--config', file('data = \n')]).lines[0]).toContain('caskd.toml');
  });

  test('unknown flags, stray words and flags without their value, all at once', () => {
    const args = ['--nonsense', 'x', '--max-in-fligt=5', 'stray', '--listen', '--data', '--config'];
    expect(problemsOf(args).lines).toEqual([
      '--nonsense is not a flag of caskd',
      '--max-in-fligt is not a flag of caskd; did you mean --max-in-flight?',
      '"stray" is not expected; flags start with --',
      '--data needs a value: a path',
      '--listen needs a value: HOST:PORT, e.g. 127.0.0.1:7117 or [::1]:0',
      '--config needs a value: the path of a TOML file',
    ]);
    expect(problemsOf(['stray']).exitCode).toBe(EXIT.usage);
  });

  test('a misspelt variable is refused, one of others is let pass', () => {
    expect(problemsOf([], { CASKD_DURABLITY: 'os' }).lines).toEqual([
      'CASKD_DURABLITY is not a setting; did you mean CASKD_DURABILITY?',
    ]);
    const { warnings } = load([], { CASKD_SERVICE_HOST: '10.0.0.1' });
    expect(warnings).toEqual(['the variable CASKD_SERVICE_HOST is not a setting']);
  });

  test('others could reach it', () => {
    const problem = problemsOf(['--listen', '0.0.0.0:7117']);
    expect(problem.exitCode).toBe(EXIT.address);
    expect(problem.lines[0]).toContain('--insecure');
    const both = problemsOf(['--listen', '0.0.0.0:7117', '--max-in-flight', '0']);
    expect(both.exitCode).toBe(EXIT.usage);
    expect(both.lines).toHaveLength(2);
    expect(load(['--listen', '0.0.0.0:7117'], { CASKD_INSECURE: '1' }).values.insecure).toBe(true);
    const secured = ['--users-file', 'u', '--tls-cert', 'c', '--tls-key', 'k'];
    expect(load(['--listen', '0.0.0.0:7117', ...secured]).values.insecure).toBe(false);
  });

  test.each([
    [['--tls-cert', 'c'], '--tls-cert: tlsCert needs tlsKey besides'],
    [['--tls-key', 'k'], '--tls-key: tlsKey needs tlsCert besides'],
    [['--tls-client-ca', 'a'], '--tls-client-ca: tlsClientCa needs tlsCert and tlsKey besides'],
  ])('files of TLS that do not go alone: %j', (args, problem) => {
    expect(problemsOf(args).lines).toEqual([problem]);
  });

  test('HTTP: an address, or off; the rule on who can reach it is that of --listen', () => {
    expect(load([]).values.http).toBe('127.0.0.1:7118');
    expect(load(['--http', 'off']).values.http).toBe('off');
    expect(load(['--http', '0.0.0.0:1', '--insecure']).values.http).toBe('0.0.0.0:1');
    const refused = problemsOf(['--http', '0.0.0.0:7118']);
    expect(refused.exitCode).toBe(EXIT.address);
    expect(refused.lines[0]).toMatch(/^0\.0\.0\.0:7118 .*--insecure/);
    expect(problemsOf(['--http', 'on']).lines[0]).toMatch(/--http is "on", .* or off$/);
  });
});
