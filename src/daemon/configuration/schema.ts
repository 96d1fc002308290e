/**
 * Every setting of the daemon, once. Validation, `--help`, `docs/configuration.md`,
 * `--check-config` and the operation CONFIG are made from this table.
 *
 * To add a setting:
 *
 * 1. Give it a line in its owner's table: `storage/store-option-table.ts` (store, merge),
 *    `server/server-limit-table.ts` (server), or the table of `general-settings.ts` (the daemon
 *    itself): type, unit, range, default, and `live: true` if it may change while it is in use.
 *    The owner's interface (`StoreOptions`, `ServerLimits`) names it, too; the owner is handed
 *    it at the start. Rules that compare settings stand beside the table, or in `rules.ts`.
 * 2. Give it an entry here, in the file of its section: a few words for `--help`, and what it
 *    costs. The name is the one of the file (camelCase); flag and variable follow from it.
 * 3. If it is live, the owner acts on it in `reconfigure(changes)`: the store in
 *    `Engine.reconfigure`, the server by reading `services.limits` afresh. A setting of the
 *    daemon itself is acted on by a hook: `running.onChange('logLevel', (level) => ...)`.
 * 4. `UPDATE_DOCS=1 npx vitest run test/unit/daemon` writes the reference page.
 */

import { GENERAL_SETTINGS } from './general-settings.ts';
import { HTTP_SETTINGS } from './http-settings.ts';
import { MERGE_SETTINGS } from './merge-settings.ts';
import { RESP_SETTINGS } from './resp-settings.ts';
import { SECURITY_SETTINGS } from './security-settings.ts';
import { SERVER_SETTINGS } from './server-settings.ts';
import type { Setting } from './setting.ts';
import { STORE_SETTINGS } from './store-settings.ts';

export const SETTINGS = {
  ...GENERAL_SETTINGS,
  ...SECURITY_SETTINGS,
  ...STORE_SETTINGS,
  ...MERGE_SETTINGS,
  ...SERVER_SETTINGS,
  ...HTTP_SETTINGS,
  ...RESP_SETTINGS,
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof SETTINGS;
export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];

/** Every setting with its value. */
export type SettingValues = {
  readonly [N in SettingName]: (typeof SETTINGS)[N] extends Setting<infer V> ? V : never;
};

export function settingNamed(name: SettingName): Setting {
  return SETTINGS[name];
}

export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(SETTINGS, name);
}

/** The setting that an owner knows as `option`. */
export function settingOfOption(option: string): SettingName | undefined {
  return SETTING_NAMES.find((name) => SETTINGS[name].option === option);
}
