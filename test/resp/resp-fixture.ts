/** A store with a listener for clients of Redis, for tests. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listenResp } from '../../src/resp/index.ts';
import { type CaskServer, type ListenOptions, listen } from '../../src/server/index.ts';
import { openStore, type Store, type StoreOptionsInput } from '../../src/storage/index.ts';

export interface RespFixture extends AsyncDisposable {
  readonly store: Store;
  readonly server: CaskServer;
  /** Of the listener for clients of Redis. */
  readonly port: number;
}

export async function openRespFixture(
  storeOptions: Partial<StoreOptionsInput> = {},
  serverOptions: Partial<ListenOptions> = {},
): Promise<RespFixture> {
  const directory = await mkdtemp(join(tmpdir(), 'caskd-resp-'));
  const store = await openStore({ directory, durability: 'os', ...storeOptions });
  await store.whenIndexReady();
  const server = await listen({
    store,
    host: '127.0.0.1',
    port: 0,
    identity: { version: '0.0.0', serverId: store.uuid },
    ...serverOptions,
  });
  const { port } = (await listenResp(server, { host: '127.0.0.1', port: 0 })).address;
  return {
    store,
    server,
    port,
    async [Symbol.asyncDispose]() {
      await server.close();
      await store.close();
      await rm(directory, { recursive: true });
    },
  };
}
