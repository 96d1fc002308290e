/**
 * Tells systemd (`Type=notify`, or `notify-reload` where it is known) how the daemon is: see
 * sd_notify(3). Without `NOTIFY_SOCKET` nobody is told. The unit needs `NotifyAccess=all`, because
 * a helper sends.
 */

import type { Logger } from './logging.ts';
import { NotifyHelper } from './notify-helper.ts';
import { startWatchdog, watchdogPeriodMs } from './watchdog.ts';

export interface ServiceManager {
  /** Loading has begun: asks for more time again and again, until `ready`. */
  opening(status: string): void;
  /** One line for `systemctl status`. */
  status(status: string): void;
  /** Serving, after a start or after a reload. */
  ready(status: string): void;
  /** The configuration is being read anew; `ready` follows. */
  reloading(): void;
  stopping(status: string): void;
  /** Gives signs of life from now on while `isHealthy`. */
  watch(isHealthy: () => boolean): void;
}

/** While loading, so much more time is asked for ... */
const EXTENSION_MS = 60_000;
/** ... so often. */
const EXTENSION_PERIOD_MS = 10_000;
const US_PER_MS = 1000;
const NS_PER_US = 1000n;

export type Send = (assignments: readonly string[]) => void;

/** `environment` is that of the process: what is for this process alone is taken out of it. */
export function createServiceManager(
  environment: Record<string, string | undefined>,
  log: Logger,
): ServiceManager {
  const { NOTIFY_SOCKET = '', PATH = '' } = environment;
  const periodMs = watchdogPeriodMs(environment, process.pid);
  for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete environment[name];
  if (NOTIFY_SOCKET === '') return new Notifier(() => {}, undefined);
  const helper = new NotifyHelper({ PATH, NOTIFY_SOCKET }, (reason) => {
    // a daemon that serves must not die because nobody could be told
    log.warn({ reason }, 'systemd-notify-failed');
  });
  return new Notifier((assignments) => helper.send(assignments), periodMs);
}

export class Notifier implements ServiceManager {
  readonly #send: Send;
  readonly #watchdogPeriodMs: number | undefined;
  #extending: NodeJS.Timeout | undefined;
  #watchdog: NodeJS.Timeout | undefined;

  constructor(send: Send, watchdogMs: number | undefined) {
    this.#send = send;
    this.#watchdogPeriodMs = watchdogMs;
  }

  opening(status: string): void {
    const extend = `EXTEND_TIMEOUT_USEC=${EXTENSION_MS * US_PER_MS}`;
    // the process that systemd started may be a shim of ours
    this.#send([`MAINPID=${process.pid}`, extend, `STATUS=${status}`]);
    this.#extending = setInterval(() => this.#send([extend]), EXTENSION_PERIOD_MS).unref();
  }

  status(status: string): void {
    this.#send([`STATUS=${status}`]);
  }

  ready(status: string): void {
    clearInterval(this.#extending);
    this.#send(['READY=1', `STATUS=${status}`]);
  }

  reloading(): void {
    // notify-reload tells this message from an older one by the clock that both sides share
    const us = process.hrtime.bigint() / NS_PER_US;
    this.#send(['RELOADING=1', `MONOTONIC_USEC=${us}`, 'STATUS=reading the configuration anew']);
  }

  stopping(status: string): void {
    clearInterval(this.#extending);
    this.#send(['STOPPING=1', `STATUS=${status}`]);
  }

  watch(isHealthy: () => boolean): void {
    if (this.#watchdogPeriodMs === undefined || this.#watchdog !== undefined) return;
    this.#watchdog = startWatchdog(this.#watchdogPeriodMs, isHealthy, () => {
      this.#send(['WATCHDOG=1']);
    });
  }
}
