/** The way to a client. */

import { CaskClient } from './cask-client.ts';
import { type ConnectOptions, resolveClientOptions } from './client-options.ts';
import type { Encoding } from './entry.ts';

/**
 * Connects to a server.
 *
 *     await using db = await connect({ url: 'cask://127.0.0.1:7117' });
 *     await db.put('greeting', 'hello', { ttlMs: 60_000 });
 *     const text = await db.get('greeting', { encoding: 'utf8' });
 *
 * @throws CaskError CONNECT_FAILED naming host and port, INVALID_OPTION, UNAUTHENTICATED,
 *   AUTH_LOCKED, TLS_REQUIRED
 */
export async function connect<E extends Encoding = 'buffer'>(
  options: ConnectOptions<E> | string = {},
): Promise<CaskClient<E>> {
  const given = typeof options === 'string' ? { url: options } : options;
  const client = new CaskClient<E>(resolveClientOptions(given));
  await client.open();
  return client;
}
