/** Settings of the HTTP listener. */

import type { OptionSpec } from '../../vocabulary/option-spec.ts';
import { settingOf, textSetting } from './setting.ts';
import { ADDRESS_OR_OFF_KIND } from './setting-kinds.ts';

const HTTP_OPTION_TABLE = {
  httpMaxConnections: { type: 'number', unit: 'count', min: 1, max: 10_000, default: 256 },
} as const satisfies Record<string, OptionSpec>;

const section = 'http';

export const HTTP_SETTINGS = {
  http: textSetting('http', ADDRESS_OR_OFF_KIND, '127.0.0.1:7118', {
    section,
    help: 'HOST:PORT for health, metrics and statistics, or off',
    cost:
      'About 30 MB of memory and 0.15 s of start. If the default is taken the daemon goes on ' +
      'without it; an address that was asked for must be free. With `usersFile` figures want a ' +
      'user, with `tlsCert` it is HTTPS; any address but loopback needs both, or `insecure`.',
  }),
  httpMaxConnections: settingOf(
    'daemon',
    'httpMaxConnections',
    HTTP_OPTION_TABLE.httpMaxConnections,
    {
      section,
      help: 'most connections over HTTP at a time',
      cost: 'A descriptor and a few KiB each. One more is closed at once.',
    },
  ),
} as const;
