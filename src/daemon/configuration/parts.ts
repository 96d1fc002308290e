/** What each owner is handed of the configuration. */

import { resolve } from 'node:path';
import { HASHES_AT_ONCE_MAX } from '../../security/index.ts';
import type { ServerLimits } from '../../server/server-limits.ts';
import type { MergeOptions, StoreOptionsInput } from '../../storage/store-options.ts';
import type { Configuration } from './configuration.ts';
import { type SettingName, settingNamed } from './schema.ts';
import { pathOf } from './security-settings.ts';
import type { Owner, SettingValue } from './setting.ts';

const MERGE_PREFIX = 'merge.';

/** Some settings with their values. */
export type GivenValues = Iterable<readonly [SettingName, SettingValue]>;

/** The store's options that were given; defaults are its own. */
export function storeOptionsOf({ values, sources }: Configuration): StoreOptionsInput {
  const options = { ...storeChanges(given({ values, sources })), directory: values.data };
  if (pathOf(values.usersFile) === undefined || sources.has('maxReadsInFlight')) return options;
  // hashing of passwords takes threads of the same pool, and syncs must not wait for either; of
  // the reads in flight, half have a thread
  const maxReadsInFlight = Math.max(1, values.maxReadsInFlight - 2 * HASHES_AT_ONCE_MAX);
  return { ...options, maxReadsInFlight };
}

/** The server's limits that were given; defaults are its own. */
export function serverLimitsOf({ values, sources }: Configuration): Partial<ServerLimits> {
  return serverChanges(given({ values, sources }));
}

/** Absolute; undefined: there are no backups. */
export function backupDirectoryOf({
  backupDirectory,
}: Pick<Configuration['values'], 'backupDirectory'>): string | undefined {
  const path = pathOf(backupDirectory);
  return path === undefined ? undefined : resolve(path);
}

export function storeChanges(values: GivenValues): Partial<Omit<StoreOptionsInput, 'directory'>> {
  const all = ownedBy('store', values);
  const isMerge = ([option]: readonly [string, unknown]): boolean =>
    option.startsWith(MERGE_PREFIX);
  const merge = all
    .filter(isMerge)
    .map(([option, value]) => [option.slice(MERGE_PREFIX.length), value]);
  const plain = Object.fromEntries(all.filter((pair) => !isMerge(pair)));
  return { ...plain, merge: Object.fromEntries(merge) as Partial<MergeOptions> };
}

export function serverChanges(values: GivenValues): Partial<ServerLimits> {
  return Object.fromEntries(ownedBy('server', values)) as Partial<ServerLimits>;
}

/** By the owner's names, as the owner takes them; reading has settled their types. */
function ownedBy(owner: Owner, values: GivenValues): [string, unknown][] {
  return [...values]
    .map(([name, value]) => ({ setting: settingNamed(name), value }))
    .filter(({ setting }) => setting.owner === owner)
    .map(({ setting, value }) => {
      const { forOwner } = setting.kind;
      return [setting.option, forOwner === undefined ? value : forOwner(value)];
    });
}

function given({
  values,
  sources,
}: Pick<Configuration, 'values' | 'sources'>): [SettingName, SettingValue][] {
  return [...sources.keys()].map((name) => [name, values[name]]);
}
