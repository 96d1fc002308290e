import { readFileSync, writeFileSync } from 'node:fs';
import { Check } from 'typebox/schema';
import { describe, expect, test } from 'vitest';
import { helpText, parseCommandLine } from '../../../../src/daemon/configuration/command-line.ts';
import { effectiveSettings } from '../../../../src/daemon/configuration/effective.ts';
import { readSetting } from '../../../../src/daemon/configuration/read-setting.ts';
import { referencePage } from '../../../../src/daemon/configuration/reference-page.ts';
import {
  SETTING_NAMES,
  SETTINGS,
  settingNamed,
  settingOfOption,
} from '../../../../src/daemon/configuration/schema.ts';
import { environmentNameOf, flagOf } from '../../../../src/daemon/configuration/setting-names.ts';
import { suggestionFor } from '../../../../src/daemon/configuration/suggestion.ts';
import { SERVER_LIMIT_TABLE } from '../../../../src/server/server-limit-table.ts';
import { resolveServerLimits } from '../../../../src/server/server-limits.ts';
import { createNodeEnvironment } from '../../../../src/storage/disk/node-environment.ts';
import { resolveStoreOptions } from '../../../../src/storage/store-options.ts';
import { configurationToml } from '../../../../src/vocabulary/setting-facts.ts';
import { file, load, MEMORY_BYTES } from './load.ts';

const PAGE = new URL('../../../../docs/configuration.md', import.meta.url);

test('docs/configuration.md is what the schema says', () => {
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(PAGE, referencePage());
  expect(readFileSync(PAGE, 'utf8')).toBe(referencePage());
});

test('--help names every flag with its default; words for help and version are known', () => {
  const help = helpText();
  for (const name of SETTING_NAMES) expect(help).toContain(`${flagOf(name)} `);
  expect(help).toMatch(/--sync-interval-ms <ms> .*\(1 to 3600000; default: 1000\)/);
  for (const [word, action] of Object.entries({
    '--help': 'help',
    '--version': 'version',
    '--check-config': 'check',
    '--print-limits': 'limits',
  })) {
    expect(parseCommandLine(['node', 'caskd', word]).action).toBe(action);
  }
});

test('names follow from one another', () => {
  expect(flagOf('maxKeydirBytes')).toBe('--max-keydir-bytes');
  expect(environmentNameOf('maxKeydirBytes')).toBe('CASKD_MAX_KEYDIR_BYTES');
});

describe('every setting', () => {
  const { values } = load([]);

  test.each(SETTING_NAMES)('%s: its default is allowed, and reads back as written', (name) => {
    const setting = settingNamed(name);
    const value = values[name];
    expect(Check(setting.schema, value)).toBe(true);
    expect(readSetting(setting, setting.kind.write(value))).toEqual({ value });
    expect(settingOfOption(setting.option)).toBe(name);
    expect(setting.cost).toMatch(/\.$/);
    expect(setting.help).not.toMatch(/\.$|^[A-Z](?![A-Z])/);
  });

  test('the defaults are those of store and server', () => {
    const store = resolveStoreOptions({ directory: '' }, createNodeEnvironment(), MEMORY_BYTES);
    const owners = { store, server: resolveServerLimits({}, store) };
    for (const name of SETTING_NAMES) {
      const { owner, option, kind } = settingNamed(name);
      if (owner === 'daemon') continue;
      const path = option.split('.');
      const actual = path.reduce<unknown>(
        (part, key) => (part as Record<string, unknown>)[key],
        owners[owner],
      );
      const expected = kind.forOwner === undefined ? values[name] : kind.forOwner(values[name]);
      expect({ name, value: actual }).toEqual({ name, value: expected });
    }
  });

  test('every limit of the server but those of its own clockwork is a setting', () => {
    const missing = Object.keys(SERVER_LIMIT_TABLE).filter((name) => !(name in SETTINGS));
    expect(missing).toEqual(['sweepIntervalMs', 'lingerMs']);
  });
});

test('what --check-config prints is a configuration file that says the same', () => {
  const args = ['--listen', '[::1]:0', '--cache-bytes', '3m', '--merge-window-hours', '22-6'];
  const configuration = load([...args, '--insecure']);
  const text = configurationToml(effectiveSettings(configuration), true);
  expect(text).toMatch(/^cacheBytes = "3m" +# --cache-bytes$/m);
  expect(text).toMatch(/^maxKeydirBytes = "2g" +# default: a quarter of the memory granted$/m);
  expect(load(['--config', file(text)]).values).toEqual(configuration.values);
});

test.each([
  ['64k', 65_536],
  ['1G', 1024 ** 3],
  ['16MiB', 16 * 1024 ** 2],
  ['10mb', 10 * 1024 ** 2],
  [' 0 ', 0],
  ['', undefined],
  ['-1', undefined],
  ['1.5g', undefined],
  ['4g', undefined],
  ['99999999999999g', undefined],
])('size %s', (text, bytes) => {
  const read = readSetting(SETTINGS.cacheBytes, text);
  expect('value' in read ? read.value : undefined).toBe(bytes);
});

test.each([
  ['0', 0],
  ['1.0', 1],
  ['0.5', 0.5],
  ['.5', 0.5],
  ['1.1', undefined],
  ['-0.1', undefined],
  ['x', undefined],
])('ratio %s', (text, ratio) => {
  const read = readSetting(SETTINGS.mergeTriggerDeadRatio, text);
  expect('value' in read ? read.value : undefined).toBe(ratio);
});

test.each([
  ['22-6', '22-6'],
  ['0-24', '0-24'],
  ['always', 'always'],
  ['6-6', undefined],
  ['1-25', undefined],
  ['-1-5', undefined],
])('hours %s', (text, hours) => {
  const read = readSetting(SETTINGS.mergeWindowHours, text);
  expect('value' in read ? read.value : undefined).toBe(hours);
});

test.each([
  ['segmentbytes', 'segmentBytes'],
  ['semgentBytes', 'segmentBytes'],
  ['maxConection', 'maxConnections'],
  ['x', undefined],
  ['replication', undefined],
])('%s may have meant %s', (written, meant) => {
  expect(suggestionFor(written, SETTING_NAMES)).toBe(meant);
});
