/** What is known of the settings in effect. */

import type { SettingFacts } from '../../vocabulary/setting-facts.ts';
import type { Configuration } from './configuration.ts';
import { SETTING_NAMES, type SettingName, settingNamed } from './schema.ts';
import { SECTIONS, type Section } from './sections.ts';
import { allowedInWords, defaultInWords } from './setting-words.ts';

/** Every setting, in the order of the documentation. */
export function effectiveSettings(configuration: Configuration): SettingFacts[] {
  const sections = Object.keys(SECTIONS) as Section[];
  const inOrder = sections.flatMap((section) =>
    SETTING_NAMES.filter((name) => settingNamed(name).section === section),
  );
  return inOrder.map((name) => effectiveSetting(name, configuration));
}

export function effectiveSetting(
  name: SettingName,
  { values, sources }: Configuration,
): SettingFacts {
  const setting = settingNamed(name);
  const value = values[name];
  const { origin = 'default', place = null } = sources.get(name) ?? {};
  return {
    name,
    value,
    text: setting.kind.write(value),
    origin,
    place,
    default: defaultInWords(setting),
    allowed: allowedInWords(setting) ?? null,
    reloadable: setting.live,
    section: SECTIONS[setting.section].title,
  };
}
