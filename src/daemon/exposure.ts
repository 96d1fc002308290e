/** The one rule for every listener: who can be reached by others asks for users and speaks TLS. */

import { type Address, formatAddress, isLoopback } from './address.ts';
import type { Logger } from './logging.ts';

/** What the daemon asks of clients. */
export interface Protection {
  /** Users are configured. */
  readonly isAuthenticated: boolean;
  readonly isTls: boolean;
  /** `--insecure`: whoever runs the daemon knows better. */
  readonly insecure: boolean;
}

/** Why the address may not be listened on; undefined: it may. */
export function exposureProblem(address: Address, protection: Protection): string | undefined {
  const { isAuthenticated, isTls, insecure } = protection;
  if (insecure || isLoopback(address.host) || (isAuthenticated && isTls)) return undefined;
  const missing = [
    ...(isAuthenticated ? [] : ['ask who its clients are (--users-file)']),
    ...(isTls ? [] : ['encrypt what they say (--tls-cert, --tls-key)']),
  ];
  return (
    `${formatAddress(address)} can be reached by others, and caskd does not ` +
    `${missing.join(' and does not ')}. Do that, or listen on 127.0.0.1 or [::1], or add ` +
    '--insecure if the network is trusted.'
  );
}

/** Says in the log that an address is only served because of `--insecure`. */
export function warnOfExposure(address: Address, protection: Protection, log: Logger): void {
  const problem = exposureProblem(address, { ...protection, insecure: false });
  if (problem === undefined) return;
  log.warn({ address: formatAddress(address), reason: problem }, 'address-not-protected');
}
