/** The HTTP listener as the configuration wants it. */

import type { HttpSecurity, HttpServer, HttpSources } from '../http/index.ts';
import { systemErrorCode } from '../storage/disk/file-system.ts';
import { formatAddress, parseAddress } from './address.ts';
import type { Configuration } from './configuration/configuration.ts';
import { httpSettingsOf } from './configuration/http-settings.ts';
import { protectionOf } from './configuration/rules.ts';
import { warnOfExposure } from './exposure.ts';
import { type Logger, storeLogger } from './logging.ts';

/**
 * Listens, if it is not off. The library is loaded when it is needed: it takes memory and time.
 * When nobody asked for the address, and somebody else has it, the daemon goes on without.
 * @throws the system's error
 */
export async function startHttp(
  configuration: Configuration,
  sources: HttpSources,
  security: HttpSecurity,
  log: Logger,
): Promise<HttpServer | undefined> {
  const wanted = parseAddress(configuration.values.http);
  if (wanted === undefined) return undefined;
  const { openHttp } = await import('../http/index.ts');
  try {
    const server = await openHttp({
      ...wanted,
      settings: httpSettingsOf(configuration.values),
      sources,
      security,
      log: storeLogger(log),
    });
    const { port } = server.address;
    warnOfExposure({ host: wanted.host, port }, protectionOf(configuration.values), log);
    log.info({ address: formatAddress({ host: wanted.host, port }) }, 'http-ready');
    return server;
  } catch (thrown) {
    if (configuration.sources.has('http') || systemErrorCode(thrown) !== 'EADDRINUSE') throw thrown;
    const error = 'the port is in use; HTTP is off. Choose another with --http, or say --http off';
    log.warn({ address: formatAddress(wanted), error }, 'http-port-taken');
    return undefined;
  }
}
