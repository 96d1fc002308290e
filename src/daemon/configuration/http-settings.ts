/** Settings of the HTTP listener. */

import type { HttpSettings } from '../../http/http-limits.ts';
import type { OptionSpec } from '../../vocabulary/option-spec.ts';
import { settingOf, textSetting } from './setting.ts';
import { ADDRESS_OR_OFF_KIND, itemsOf, listKind, OFF } from './setting-kinds.ts';

const MIB = 1024 * 1024;
const HOUR_MS = 3_600_000;

/** A test holds the defaults against those of the listener. */
const HTTP_OPTION_TABLE = {
  httpMaxConnections: { type: 'number', unit: 'count', min: 1, max: 10_000, default: 256 },
  httpMaxBodyBytes: {
    type: 'number',
    unit: 'bytes',
    min: 1024,
    max: 1024 * MIB,
    default: 10 * MIB,
  },
  httpMaxInFlight: { type: 'number', unit: 'count', min: 1, max: 10_000, default: 100 },
  httpTimeoutMs: { type: 'number', unit: 'ms', min: 100, max: HOUR_MS, default: 15_000 },
  httpIdleTimeoutMs: { type: 'number', unit: 'ms', min: 100, max: HOUR_MS, default: 60_000 },
} as const satisfies Record<string, OptionSpec>;

const ORIGINS_KIND = listKind(
  /^(\*|https?:\/\/[^\s/,]+)$/,
  'origins such as https://console.example, or *',
);
const HOSTS_KIND = listKind(/^[A-Za-z0-9.-]+$/, 'names such as db.example');

const section = 'http';

export const HTTP_SETTINGS = {
  http: textSetting('http', ADDRESS_OR_OFF_KIND, '127.0.0.1:7118', {
    section,
    help: 'HOST:PORT for keys and values, health and metrics over HTTP, or off',
    cost:
      'About 30 MB of memory and 0.15 s of start. If the default is taken the daemon goes on ' +
      'without it; an address that was asked for must be free. With `usersFile` it wants a ' +
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
  httpMaxBodyBytes: settingOf('daemon', 'httpMaxBodyBytes', HTTP_OPTION_TABLE.httpMaxBodyBytes, {
    section,
    help: 'most bytes of the body of a request with values',
    cost: 'A body is in memory until it is answered; all together count for `maxRequestBytes`. Of JSON, a MiB holds up everybody for about 5 ms.',
  }),
  httpMaxInFlight: settingOf('daemon', 'httpMaxInFlight', HTTP_OPTION_TABLE.httpMaxInFlight, {
    section,
    help: 'most requests for keys and values over HTTP at a time',
    cost: 'One more is told to come again (503, BUSY). Probes and metrics do not count.',
  }),
  httpTimeoutMs: settingOf('daemon', 'httpTimeoutMs', HTTP_OPTION_TABLE.httpTimeoutMs, {
    section,
    help: 'time for a request over HTTP to come, for its answer to begin, and between its parts',
    cost: 'A slow sender of a large body needs more; longer, those who do not send or read hold on to memory.',
  }),
  httpIdleTimeoutMs: settingOf('daemon', 'httpIdleTimeoutMs', HTTP_OPTION_TABLE.httpIdleTimeoutMs, {
    section,
    help: 'a connection over HTTP without a request for so long is closed',
    cost: 'Shorter than the interval of a scraper, each scrape needs a new connection.',
  }),
  httpCorsOrigins: textSetting('httpCorsOrigins', ORIGINS_KIND, OFF, {
    section,
    help: 'origins of web pages that may use the HTTP listener, or off',
    cost: 'A page of such an origin can do what whoever looks at it may; where nobody is asked who they are, everything.',
  }),
  httpAllowedHosts: textSetting('httpAllowedHosts', HOSTS_KIND, OFF, {
    section,
    help: 'names by which the HTTP listener on loopback may be called besides localhost, or off',
    cost: 'Each name is trusted to lead here only: whoever controls it can have web pages reach the listener.',
  }),
} as const;

type HttpValues = Readonly<
  Record<
    | 'httpMaxConnections'
    | 'httpMaxBodyBytes'
    | 'httpMaxInFlight'
    | 'httpTimeoutMs'
    | 'httpIdleTimeoutMs',
    number
  > &
    Record<'httpCorsOrigins' | 'httpAllowedHosts', string>
>;

/** As the listener takes them. */
export function httpSettingsOf(values: HttpValues): HttpSettings {
  return {
    maxConnections: values.httpMaxConnections,
    maxBodyBytes: values.httpMaxBodyBytes,
    maxInFlight: values.httpMaxInFlight,
    timeoutMs: values.httpTimeoutMs,
    idleTimeoutMs: values.httpIdleTimeoutMs,
    corsOrigins: itemsOf(values.httpCorsOrigins),
    allowedHosts: itemsOf(values.httpAllowedHosts),
  };
}
