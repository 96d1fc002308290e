/** The listener for clients of Redis. */

import { textSetting } from './setting.ts';
import { ADDRESS_OR_OFF_KIND } from './setting-kinds.ts';

export const RESP_SETTINGS = {
  resp: textSetting('resp', ADDRESS_OR_OFF_KIND, 'off', {
    section: 'resp',
    help: 'HOST:PORT for clients of Redis, such as 127.0.0.1:7119, or off',
    cost:
      'Its connections count among all others, by the same limits and users. With `tlsCert` it is ' +
      'TLS; any address but loopback needs `usersFile` as well, or `insecure`.',
  }),
} as const;
