/** What the server needs of a configuration, for CONFIG. The daemon has one. */

import type { SettingFacts } from '../vocabulary/setting-facts.ts';

export interface ServedConfiguration {
  /**
   * One setting, or all in the order of the documentation.
   * @throws CaskError INVALID_OPTION: there is no such setting
   */
  get(name: string | undefined): SettingFacts[];
  /**
   * Changes a setting until the next reload or start.
   * @param text as the configuration file would have it
   * @param by who asks, for the log
   * @throws CaskError INVALID_OPTION; then nothing is changed
   */
  set(name: string, text: string, by: string): SettingFacts;
}
