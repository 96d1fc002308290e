/**
 * systemd's watchdog: the daemon is killed and started anew when it has not been heard of for
 * `WatchdogSec=`. The timer runs on the event loop, so a loop that hangs is not heard of either.
 */

type Environment = Readonly<Record<string, string | undefined>>;

const US_PER_MS = 1000;
/** How many times within the interval a sign of life is sent. */
const SIGNS_PER_INTERVAL = 2;

/** The time between signs of life; undefined when nobody watches this process. */
export function watchdogPeriodMs(environment: Environment, pid: number): number | undefined {
  const { WATCHDOG_USEC = '', WATCHDOG_PID = String(pid) } = environment;
  if (!/^[1-9]\d{0,15}$/.test(WATCHDOG_USEC) || WATCHDOG_PID !== String(pid)) return undefined;
  return Math.max(1, Math.floor(Number(WATCHDOG_USEC) / US_PER_MS / SIGNS_PER_INTERVAL));
}

/** Gives a sign of life at once and then in every period, as long as all is well. */
export function startWatchdog(
  periodMs: number,
  isHealthy: () => boolean,
  signOfLife: () => void,
): NodeJS.Timeout {
  const tick = () => {
    if (isHealthy()) signOfLife();
  };
  tick();
  return setInterval(tick, periodMs).unref();
}
