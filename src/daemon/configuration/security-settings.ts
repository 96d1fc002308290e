/** Settings of who may in, and how what they say is kept from others. */

import type { OptionProblem } from '../../vocabulary/option-spec.ts';
import { settingOf, textSetting } from './setting.ts';
import { OFF, PATH_OR_OFF_KIND } from './setting-kinds.ts';

const section = 'security';

function path(option: string, help: string, cost: string) {
  return textSetting(option, PATH_OR_OFF_KIND, OFF, { section, help, cost });
}

export const SECURITY_SETTINGS = {
  usersFile: path(
    'usersFile',
    'the file of users, which `caskctl user` changes, or off: everybody may do everything',
    'Only its owner may be able to read it. A login costs about 0.1 s of a core and 32 MiB, two at ' +
      'a time, and once for each user and password. A changed file is read anew by itself.',
  ),
  tlsCert: path(
    'tlsCert',
    'the certificate, PEM, and those that lead to its root; makes every listener speak TLS',
    'A connection costs about 1 ms of a core to begin and some tens of KiB, and its bytes a ' +
      'little each. A renewed certificate is taken by itself.',
  ),
  tlsKey: path(
    'tlsKey',
    'the private key of tlsCert, PEM, without a pass phrase',
    'Not everyone may be able to read it.',
  ),
  tlsClientCa: path(
    'tlsClientCa',
    'who signs the certificates of clients, PEM; with it each client must show one',
    'A client without one does not get as far as to say who it is.',
  ),
  insecure: settingOf(
    'daemon',
    'insecure',
    { type: 'switch', default: false },
    {
      section,
      help: 'allow an address that others can reach without users or without TLS',
      cost:
        'Without users, whoever reaches the address can read and change everything. Without TLS, ' +
        'whoever is on the way can read everything, passwords too.',
    },
  ),
} as const;

type SecurityValues = Readonly<Record<'tlsCert' | 'tlsKey' | 'tlsClientCa', string>>;

/** Rules that compare these settings with each other. */
export function securityRuleProblems(values: SecurityValues): OptionProblem[] {
  const { tlsCert, tlsKey, tlsClientCa } = values;
  const problems: OptionProblem[] = [];
  if ((tlsCert === OFF) !== (tlsKey === OFF)) {
    const [option, other] = tlsCert === OFF ? ['tlsKey', 'tlsCert'] : ['tlsCert', 'tlsKey'];
    problems.push({ option, problem: `needs ${other} besides`, related: [other] });
  }
  if (tlsClientCa !== OFF && tlsCert === OFF) {
    const problem = 'needs tlsCert and tlsKey besides';
    problems.push({ option: 'tlsClientCa', problem, related: ['tlsCert'] });
  }
  return problems;
}

/** The path, if the setting is not off. */
export function pathOf(setting: string): string | undefined {
  return setting === OFF ? undefined : setting;
}
