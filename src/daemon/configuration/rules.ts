/** Rules that compare settings with each other. Those of store and server stand with them. */

import { serverRuleProblems } from '../../server/server-limit-table.ts';
import { storeRuleProblems } from '../../storage/store-option-table.ts';
import { type Address, formatAddress, isLoopback, parseAddress } from '../address.ts';
import { type SettingName, type SettingValues, settingOfOption } from './schema.ts';

export interface RuleProblem {
  /** The settings that do not go together; the first is the one named in `problem`. */
  readonly settings: readonly SettingName[];
  /** A sentence. */
  readonly problem: string;
}

/** What is wrong with values that are each within their range. */
export function ruleProblems(values: SettingValues): RuleProblem[] {
  return [...storeRuleProblems(values), ...serverRuleProblems(values)].map(
    ({ option, problem, related = [] }) => {
      const settings = [option, ...related].map(settingOfOption);
      return {
        settings: settings.filter((name) => name !== undefined),
        problem: `${option} ${problem}`,
      };
    },
  );
}

/** Why the address may not be listened on; undefined: it may. */
export function addressProblem(values: SettingValues): string | undefined {
  const listen = parseAddress(values.listen);
  if (listen === undefined || values.insecure || isLoopback(listen.host)) return undefined;
  return refusalOf(listen);
}

/** Why an address is not served without `insecure`. */
export function refusalOf(listen: Address): string {
  return (
    `${formatAddress(listen)} can be reached by others, and caskd does not ask anyone ` +
    'who they are. Listen on 127.0.0.1 or [::1], or add --insecure if the network is trusted.'
  );
}
