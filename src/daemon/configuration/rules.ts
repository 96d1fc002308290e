/** Rules that compare settings with each other. Those of store and server stand with them. */

import { serverRuleProblems } from '../../server/server-limit-table.ts';
import { storeRuleProblems } from '../../storage/store-option-table.ts';
import { parseAddress } from '../address.ts';
import { exposureProblem, type Protection } from '../exposure.ts';
import { type SettingName, type SettingValues, settingOfOption } from './schema.ts';
import { pathOf, securityRuleProblems } from './security-settings.ts';

/** Settings that are addresses to listen on. */
export const ADDRESS_SETTINGS = ['listen', 'http', 'resp'] as const;
export type AddressSetting = (typeof ADDRESS_SETTINGS)[number];

export interface RuleProblem {
  /** The settings that do not go together; the first is the one named in `problem`. */
  readonly settings: readonly SettingName[];
  /** A sentence. */
  readonly problem: string;
}

/** What is wrong with values that are each within their range. */
export function ruleProblems(values: SettingValues): RuleProblem[] {
  const problems = [
    ...storeRuleProblems(values),
    ...serverRuleProblems(values),
    ...securityRuleProblems(values),
  ];
  return problems.map(({ option, problem, related = [] }) => {
    const settings = [option, ...related].map(settingOfOption);
    return {
      settings: settings.filter((name) => name !== undefined),
      problem: `${option} ${problem}`,
    };
  });
}

/** Why the address of a listener may not be listened on; undefined: it may, or it is off. */
export function addressProblem(setting: AddressSetting, values: SettingValues): string | undefined {
  const address = parseAddress(values[setting]);
  return address === undefined ? undefined : exposureProblem(address, protectionOf(values));
}

/** What the configuration asks of clients. */
export function protectionOf({ usersFile, tlsCert, insecure }: SettingValues): Protection {
  const isAuthenticated = pathOf(usersFile) !== undefined;
  return { isAuthenticated, isTls: pathOf(tlsCert) !== undefined, insecure };
}
