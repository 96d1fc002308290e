/** A server that asks who clients are, over a store in memory; under TLS if that is asked for. */

import { Authenticator, UserDirectory } from '../../src/security/index.ts';
import { type CaskServer, listen, TlsIdentity } from '../../src/server/index.ts';
import type { ServerLimits } from '../../src/server/server-limits.ts';
import { CertificateFiles } from '../unit/security/certificates.ts';
import { type TestUser, UsersOnDisk } from '../unit/security/users-on-disk.ts';
import { MemoryStore } from '../unit/server/memory-store.ts';
import { PREAMBLE, request, WireClient } from '../unit/server/wire-client.ts';

/** By name; ada is known by her certificate alone. */
export const USERS: readonly TestUser[] = [
  ['reader', 'read', 'pw-reader'],
  ['writer', 'write', 'pw-writer'],
  ['admin', 'admin', 'pw-admin'],
  ['limited', 'write', 'pw-limited', ['city:']],
  ['ada', 'write'],
];

export interface Event {
  readonly level: string;
  readonly event: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

export interface SecuredOptions {
  readonly limits?: Partial<ServerLimits>;
  readonly tls?: boolean;
  /** TLS, and clients must show a certificate. */
  readonly mutual?: boolean;
}

export interface SecuredServer extends AsyncDisposable {
  readonly disk: UsersOnDisk;
  readonly users: UserDirectory;
  readonly authenticator: Authenticator;
  readonly certificates: CertificateFiles;
  readonly tls: TlsIdentity | undefined;
  readonly store: MemoryStore;
  readonly server: CaskServer;
  readonly port: number;
  readonly events: Event[];
  /** The locks' clock goes on by so much; it does not go by itself. */
  pass(ms: number): void;
  /** A connection in the clear that has said HELLO; without a user it is nameless. */
  connect(user?: string): Promise<WireClient>;
}

export async function startSecured(options: SecuredOptions = {}): Promise<SecuredServer> {
  const { limits = {}, tls = false, mutual = false } = options;
  const events: Event[] = [];
  const log = (level: string, event: string, facts: Event['facts'] = {}) =>
    void events.push({ level, event, facts });
  const lookIntervalMs = 1_000_000;
  const disk = await UsersOnDisk.create(...USERS);
  const certificates = await CertificateFiles.create();
  const { cert, key } = certificates;
  const clientCa = mutual ? certificates.clientCa : undefined;
  const identity =
    tls || mutual
      ? await TlsIdentity.open({ files: { cert, key, clientCa }, log, lookIntervalMs })
      : undefined;
  const users = await UserDirectory.open({ path: disk.path, log, lookIntervalMs });
  let nowMs = 0;
  const clock = { nowMs: () => nowMs, delay: async () => {} };
  const authenticator = new Authenticator({ users, log, ...clock });
  const store = new MemoryStore();
  const server = await listen({
    store,
    host: '127.0.0.1',
    port: 0,
    identity: { version: '1', serverId: 'x' },
    tls: identity,
    authenticator,
    limits: { sweepIntervalMs: 5, lingerMs: 100, ...limits },
    log,
  });
  const { port } = server.address;
  const clients: WireClient[] = [];
  return {
    disk,
    users,
    authenticator,
    certificates,
    tls: identity,
    store,
    server,
    port,
    events,
    pass: (ms) => {
      nowMs += ms;
    },
    connect: async (user) => {
      const client = await WireClient.open(port);
      clients.push(client);
      const auth = user === undefined ? {} : { auth: { user, password: `pw-${user}` } };
      client.send(PREAMBLE, request(1, 1, { client: 'test', ...auth }));
      await client.next();
      return client;
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) await client.close();
      await server.close();
      identity?.close();
      users.close();
      await disk.remove();
      await certificates.remove();
    },
  };
}
