/** Users and TLS as the configuration wants them, for every listener. */

import { Authenticator, UserDirectory } from '../security/index.ts';
import { TlsIdentity } from '../server/index.ts';
import { pathOf } from './configuration/security-settings.ts';
import { type Logger, storeLogger } from './logging.ts';

export interface DaemonSecurity {
  /** Undefined: nobody is asked who they are. */
  readonly authenticator: Authenticator | undefined;
  /** Undefined: connections are in the clear. */
  readonly tls: TlsIdentity | undefined;
  /** Reads users and certificates anew. Never fails. */
  reload(): Promise<void>;
  close(): void;
}

export interface SecurityPaths {
  readonly usersFile: string;
  readonly tlsCert: string;
  readonly tlsKey: string;
  readonly tlsClientCa: string;
}

/** @throws CaskError INVALID_OPTION: a file cannot be used */
export async function openSecurity(paths: SecurityPaths, logger: Logger): Promise<DaemonSecurity> {
  const log = storeLogger(logger);
  const path = pathOf(paths.usersFile);
  const users = path === undefined ? undefined : await UserDirectory.open({ path, log });
  const cert = pathOf(paths.tlsCert);
  const key = pathOf(paths.tlsKey);
  const clientCa = pathOf(paths.tlsClientCa);
  let tls: TlsIdentity | undefined;
  if (cert !== undefined && key !== undefined) {
    tls = await TlsIdentity.open({ files: { cert, key, clientCa }, log }).catch((thrown) => {
      users?.close();
      throw thrown;
    });
  }
  return {
    authenticator: users && new Authenticator({ users, log }),
    tls,
    reload: async () => void (await Promise.all([users?.reload(), tls?.reload()])),
    close: () => {
      users?.close();
      tls?.close();
    },
  };
}
