import { pino } from 'pino';
import { beforeEach, describe, expect, test } from 'vitest';
import { loadConfiguration } from '../../../../src/daemon/configuration/configuration.ts';
import { RunningConfiguration } from '../../../../src/daemon/configuration/running-configuration.ts';
import { SETTING_NAMES } from '../../../../src/daemon/configuration/schema.ts';
import { CaskError } from '../../../../src/errors/cask-error.ts';
import { file, inputs } from './load.ts';

let lines: Record<string, unknown>[];
let told: unknown[];

beforeEach(() => {
  lines = [];
  told = [];
});

const owners = {
  store: { reconfigure: (changes: unknown) => void told.push({ store: changes }) },
  server: { reconfigure: (changes: unknown) => void told.push({ server: changes }) },
};

function run(args: string[], attached = true): RunningConfiguration {
  const log = pino(
    { base: null, timestamp: false, formatters: { level: (level) => ({ level }) } },
    { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
  );
  const given = inputs(args);
  const running = new RunningConfiguration(given, loadConfiguration(given), log);
  if (attached) running.attach(owners);
  return running;
}

describe('get', () => {
  test('one setting with all that is known of it', () => {
    expect(run(['--cache-bytes', '64m']).get('cacheBytes')).toEqual([
      {
        name: 'cacheBytes',
        value: 64 * 1024 ** 2,
        text: '64m',
        origin: 'flag',
        place: '--cache-bytes',
        default: 'a sixteenth of the memory granted, at most 256m',
        allowed: '0 to 4294967295',
        reloadable: true,
        section: 'Memory and files',
      },
    ]);
  });

  test('all of them', () => {
    const all = run([]).get();
    expect(all.map(({ name }) => name).toSorted()).toEqual(SETTING_NAMES.toSorted());
    expect(all[0]).toMatchObject({ name: 'data', origin: 'default', place: null, allowed: null });
  });

  test('one that there is not', () => {
    expect(() => run([]).get('cacheByte')).toThrow(
      'there is no setting "cacheByte"; did you mean cacheBytes?',
    );
  });
});

describe('set', () => {
  test('the owner is told in its own terms, and the origin changes', () => {
    const running = run([]);
    const facts = running.set('mergeBytesPerSecond', '1m', 'ada');
    expect(facts).toMatchObject({ value: 1_048_576, text: '1m', origin: 'command' });
    running.set('mergeWindowHours', '22-6', 'ada');
    running.set('maxConnections', '7', 'ada');
    expect(told).toEqual([
      { store: { merge: { bytesPerSecond: 1_048_576 } } },
      { store: { merge: { windowHours: [22, 6] } } },
      { server: { maxConnections: 7 } },
    ]);
    expect(running.values.maxConnections).toBe(7);
    expect(lines.at(-1)).toEqual({
      level: 'info',
      msg: 'setting-changed',
      name: 'maxConnections',
      from: 1000,
      to: 7,
      by: 'ada',
    });
  });

  test('a hook is called with what the daemon itself acts on', () => {
    const running = run([]);
    const levels: string[] = [];
    running.onChange('logLevel', (level) => levels.push(level));
    running.set('logLevel', 'debug', 'ada');
    running.set('logLevel', 'debug', 'ada');
    expect(levels).toEqual(['debug']);
  });

  test.each([
    ['maxConnections', '0', 'maxConnections is 0, allowed are 1 to 100000'],
    ['syncIntervalMs', '5s', 'syncIntervalMs is "5s", wanted is a whole number of milliseconds'],
    ['segmentBytes', '1m', 'segmentBytes changes at a restart only'],
    ['outputHardBytes', '1m', 'outputHardBytes is 1048576, allowed is no less than outputSoftByt'],
    ['maxConections', '5', 'did you mean maxConnections?'],
    ['x'.repeat(2000), '5', 'there is no setting of such a long name'],
    ['syncIntervalMs', '5'.repeat(2000), 'the value of syncIntervalMs is too long'],
  ])('%s = %s is refused and changes nothing', (name, text, message) => {
    const running = run([]);
    const before = running.get();
    expect(() => running.set(name, text, 'ada')).toThrow(CaskError);
    expect(() => running.set(name, text, 'ada')).toThrow(message);
    expect(running.get()).toEqual(before);
    expect(told).toEqual([]);
  });

  test('what an owner refuses is not in effect', () => {
    const running = run([], false);
    const reconfigure = () => {
      throw new CaskError('INVALID_OPTION', 'no');
    };
    running.attach({ ...owners, store: { reconfigure } });
    expect(() => running.set('cacheBytes', '1m', 'ada')).toThrow('no');
    expect(running.get('cacheBytes')[0]?.origin).toBe('default');
  });
});

describe('reload', () => {
  test('what may change now comes into effect, the rest needs a restart', () => {
    const path = file('syncIntervalMs = 5\nmaxConnections = 10\n');
    const running = run(['--config', path, '--max-in-flight', '9']);
    running.set('cacheBytes', '1m', 'ada');
    running.set('maxConnections', '50', 'ada');
    told = [];
    lines = [];
    file('maxConnections = 20\nmaxInFlight = 1\nsegmentBytes = "64m"\noutputSoftBytes = "1m"\n');
    running.reload();
    expect(told).toEqual([
      { store: { syncIntervalMs: 1000, cacheBytes: 256 * 1024 ** 2, merge: {} } },
      { server: { maxConnections: 20, outputSoftBytes: 1_048_576 } },
    ]);
    const changed = { syncIntervalMs: 1000, cacheBytes: 256 * 1024 ** 2, maxConnections: 20 };
    expect(lines).toEqual([
      {
        level: 'info',
        msg: 'configuration-reloaded',
        changed: { ...changed, outputSoftBytes: 1_048_576 },
      },
      { level: 'warn', msg: 'restart-needed', settings: ['segmentBytes'] },
    ]);
    expect(running.values).toMatchObject({ maxInFlight: 9, segmentBytes: 256 * 1024 ** 2 });
    expect(running.get('segmentBytes')[0]?.origin).toBe('default');
    expect(running.get('maxConnections')[0]).toMatchObject({
      origin: 'file',
      place: `maxConnections in ${path}, line 1`,
    });
    expect(running.get('cacheBytes')[0]?.origin).toBe('default');
  });

  test('a file with mistakes changes nothing; all of them are logged', () => {
    const path = file('syncIntervalMs = 5\n');
    const running = run(['--config', path]);
    const before = running.get();
    file('syncIntervalMs = 6\nmaxConnections = 0\nmaxConection = 1\n');
    running.reload();
    expect(told).toEqual([]);
    expect(running.get()).toEqual(before);
    expect(lines).toEqual([
      {
        level: 'error',
        msg: 'configuration-refused',
        problems: [
          `maxConection in ${path}, line 3 is not a setting; did you mean maxConnections?`,
          `maxConnections in ${path}, line 2 is 0, allowed are 1 to 100000`,
        ],
      },
    ]);
  });

  test('a file that is gone changes nothing', () => {
    const running = run(['--config', file('syncIntervalMs = 5\n')]);
    const gone = new RunningConfiguration(
      inputs(['--config', '/nowhere.toml']),
      running.current,
      pino({ enabled: false }),
    );
    gone.attach(owners);
    gone.reload();
    expect(told).toEqual([]);
    expect(gone.values.syncIntervalMs).toBe(5);
  });

  test('before there is somebody to tell, it waits', () => {
    const path = file('syncIntervalMs = 5\n');
    const running = run(['--config', path], false);
    file('syncIntervalMs = 6\n');
    running.reload();
    expect(running.values.syncIntervalMs).toBe(5);
    running.attach(owners);
    expect(running.values.syncIntervalMs).toBe(6);
    expect(told).toEqual([{ store: { syncIntervalMs: 6, merge: {} } }]);
  });
});
