/** The names of a setting: `syncIntervalMs` in the file, and what follows from it. */

/** `syncIntervalMs` -> `--sync-interval-ms` */
export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** `syncIntervalMs` -> `CASKD_SYNC_INTERVAL_MS` */
export function environmentNameOf(name: string): string {
  return `CASKD_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}
