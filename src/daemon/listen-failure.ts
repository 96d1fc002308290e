/** What is said, and how the daemon ends, when an address cannot be listened on. */

import { toCaskError } from '../errors/cask-error.ts';
import { systemErrorCode } from '../storage/disk/file-system.ts';
import { parseAddress } from './address.ts';
import { flagOf } from './configuration/setting-names.ts';
import { EXIT, type ExitCode, exitCodeOf } from './exit-codes.ts';
import type { Logger } from './logging.ts';
import { UsageError } from './usage-error.ts';

export const NOT_TCP = 'the socket that was handed down is not one that listens for TCP';

/** What the system's code means for someone who typed the address. */
const PROBLEMS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use; stop what listens there, or choose another port',
  EACCES: 'the system does not allow this port; choose one from 1024 up',
  EADDRNOTAVAIL: 'this machine does not have the address',
  ENOTFOUND: 'the name is not known',
};

/** @param setting the one that has the address, as it is written there */
export function reportListenFailure(
  setting: 'listen' | 'http' | 'resp',
  address: string,
  log: Logger,
  thrown: unknown,
): ExitCode {
  const code = systemErrorCode(thrown) ?? '';
  const refused = thrown instanceof UsageError ? thrown.message : undefined;
  if (refused !== undefined || code === 'EINVAL') {
    log.fatal({ error: refused ?? NOT_TCP }, 'listen-failed');
    return EXIT.address;
  }
  const problem = PROBLEMS[code];
  if (problem === undefined) {
    const error = toCaskError(thrown);
    log.fatal({ code: error.code, error: error.message }, 'listen-failed');
    return exitCodeOf(error);
  }
  const port = parseAddress(address)?.port;
  const error = `cannot listen on port ${port} (${flagOf(setting)} ${address}): ${problem}`;
  log.fatal({ code, address, error }, 'listen-failed');
  return EXIT.address;
}
