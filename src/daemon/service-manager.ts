/**
 * Tells systemd (Type=notify) how the daemon is. Node has no datagram sockets of the unix kind,
 * so `systemd-notify` does it; the unit needs NotifyAccess=all.
 */

import { execFile } from 'node:child_process';
import type { Logger } from './logging.ts';

export interface ServiceManager {
  ready(status: string): Promise<void>;
  stopping(): Promise<void>;
}

const NOTIFY_TIMEOUT_MS = 5000;

export function createServiceManager(
  environment: Readonly<Record<string, string | undefined>>,
  log: Logger,
): ServiceManager {
  const managed = (environment['NOTIFY_SOCKET'] ?? '') !== '';
  const notify = (...states: string[]) => (managed ? send(states, log) : Promise.resolve());
  return {
    ready: (status) => notify('READY=1', `STATUS=${status}`, `MAINPID=${process.pid}`),
    stopping: () => notify('STOPPING=1'),
  };
}

/** Never fails: a daemon that serves must not die because nobody could be told. */
function send(states: readonly string[], log: Logger): Promise<void> {
  return new Promise((resolve) => {
    execFile('systemd-notify', [...states], { timeout: NOTIFY_TIMEOUT_MS }, (error) => {
      if (error !== null) log.warn({ error: error.message }, 'systemd-notify-failed');
      resolve();
    });
  });
}
