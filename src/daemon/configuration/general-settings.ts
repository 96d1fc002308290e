/** Settings that the daemon itself acts on. */

import type { OptionSpec } from '../../vocabulary/option-spec.ts';
import { LOG_LEVELS } from '../logging.ts';
import { settingOf, textSetting } from './setting.ts';
import { ADDRESS_KIND, OFF, PATH_KIND, PATH_OR_OFF_KIND } from './setting-kinds.ts';

const HOUR_MS = 3_600_000;

const DAEMON_OPTION_TABLE = {
  logLevel: { type: 'choice', choices: LOG_LEVELS, default: 'info', live: true },
  shutdownGraceMs: {
    type: 'number',
    unit: 'ms',
    min: 0,
    max: HOUR_MS,
    default: 30_000,
    live: true,
  },
} as const satisfies Record<string, OptionSpec>;

const section = 'general';

export const GENERAL_SETTINGS = {
  data: textSetting('data', PATH_KIND, './caskd-data', {
    section,
    help: 'the data directory; created if its parent exists',
    cost: 'One daemon at a time has it. A relative path starts from the working directory.',
  }),
  listen: textSetting('listen', ADDRESS_KIND, '127.0.0.1:7117', {
    section,
    help: 'HOST:PORT or [IPV6]:PORT; port 0 takes a free one',
    cost: 'Any address but loopback can be reached by others: it needs `usersFile` and `tlsCert`, or `insecure`.',
  }),
  backupDirectory: textSetting('backupDirectory', PATH_OR_OFF_KIND, OFF, {
    section: 'maintenance',
    help: 'where backups may be written on this machine, or off: there are none',
    cost: 'On the file system of the data, backups are hard links: they take no space at first, and are lost with the disk. Elsewhere they are copies.',
  }),
  logLevel: settingOf('daemon', 'logLevel', DAEMON_OPTION_TABLE.logLevel, {
    section,
    help: 'what to log',
    cost: 'Lines are written synchronously; `debug` writes one for each connection. Keys and values are never logged.',
  }),
  shutdownGraceMs: settingOf('daemon', 'shutdownGraceMs', DAEMON_OPTION_TABLE.shutdownGraceMs, {
    section,
    help: 'time to finish what was asked before exiting',
    cost: 'What is unanswered after it stays so. Keep it below the time that the service manager waits.',
  }),
} as const;
