/** The listener for clients of Redis as the configuration wants it. */

import type { CaskServer } from '../server/index.ts';
import { formatAddress, parseAddress } from './address.ts';
import type { Configuration } from './configuration/configuration.ts';
import type { Logger } from './logging.ts';

/**
 * Listens, if it is not off; it ends with the server. The code is loaded when it is needed.
 * @throws the system's error
 */
export async function startResp(
  { values }: Pick<Configuration, 'values'>,
  server: CaskServer,
  shutdown: () => void,
  log: Logger,
): Promise<void> {
  const wanted = parseAddress(values.resp);
  if (wanted === undefined) return;
  const { listenResp } = await import('../resp/index.ts');
  const { port } = (await listenResp(server, { ...wanted, shutdown })).address;
  log.info({ address: formatAddress({ host: wanted.host, port }) }, 'resp-ready');
}
