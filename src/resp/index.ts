/** The protocol of Redis over the same store, with the limits, users and figures of the server. */

import type { Acceptor, ListenPlace } from '../server/acceptor.ts';
import type { CaskServer } from '../server/index.ts';
import { RespConnection } from './resp-connection.ts';
import type { RespServer } from './resp-server.ts';
import { ScanCursors } from './scan-cursors.ts';
import { ContendedTurn } from './transact.ts';

export interface RespListenOptions extends ListenPlace {
  /** What SHUTDOWN does. */
  readonly shutdown?: (() => void) | undefined;
}

/** Listens for clients of Redis until the server closes. @throws the system's error */
export async function listenResp(
  server: CaskServer,
  { shutdown, ...where }: RespListenOptions,
): Promise<Acceptor> {
  let acceptor: Acceptor | undefined;
  const shared: RespServer = {
    cursors: new ScanCursors(),
    turn: new ContendedTurn(),
    shutdown,
    savedAt: Date.now(),
    isSaving: false,
    baseline: { connectionsAccepted: 0, requests: 0, bytesIn: 0, bytesOut: 0 },
    get port() {
      return acceptor?.address.port ?? where.port;
    },
  };
  acceptor = await server.listenAlso(
    (socket, clientId) => new RespConnection(socket, server, shared, clientId),
    where,
  );
  return acceptor;
}
