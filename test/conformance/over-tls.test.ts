/** Under TLS, as a user who is limited to a prefix, through a client that puts it before every key. */

import { afterAll, beforeAll } from 'vitest';
import { connect } from '../../src/client/index.ts';
import { Authenticator, UserDirectory } from '../../src/security/index.ts';
import { listen, TlsIdentity } from '../../src/server/index.ts';
import { scratchDirectories } from '../crash/world/scratch.ts';
import { CertificateFiles, clientTls } from '../unit/security/certificates.ts';
import { UsersOnDisk } from '../unit/security/users-on-disk.ts';
import { conformanceSuite } from './conformance-suite.ts';
import { openSubjectStore } from './open-subject-store.ts';
import type { Operations, Subject } from './subject.ts';

const PREFIX = 'app:';
const newDirectory = scratchDirectories();
const log = () => {};

let disk: UsersOnDisk;
let users: UserDirectory;
let certificates: CertificateFiles;
let tls: TlsIdentity;

beforeAll(async () => {
  disk = await UsersOnDisk.create(['app', 'write', 'a password', [PREFIX]]);
  users = await UserDirectory.open({ path: disk.path, log });
  certificates = await CertificateFiles.create();
  const { cert, key } = certificates;
  tls = await TlsIdentity.open({ files: { cert, key }, log });
});

afterAll(async () => {
  users.close();
  tls.close();
  await disk.remove();
  await certificates.remove();
});

async function open(): Promise<Subject> {
  const { store, clock } = await openSubjectStore(newDirectory(), false);
  const identity = { version: '0', serverId: store.uuid };
  const authenticator = new Authenticator({ users, log });
  const place = { host: '127.0.0.1', port: 0 };
  const server = await listen({ store, ...place, identity, tls, authenticator });
  const client = await connect({
    url: `casks://app:a%20password@127.0.0.1:${server.address.port}`,
    tls: clientTls(),
    keyPrefix: PREFIX,
  });
  return {
    db: client as unknown as Operations,
    pass: (ms) => clock.pass(ms),
    async close() {
      await client.close();
      await server.close();
      await store.close();
    },
  };
}

// those where keys and bounds matter; the others are as over TCP
conformanceSuite('a limited user under TLS', open, ['batches', 'ranges', 'deleting ranges']);
