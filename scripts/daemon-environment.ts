/**
 * What the unit and the image set besides settings, and scripts too, so that they measure what is
 * run. Each thread that allocates would else get an arena of malloc's own, up to eight a processor,
 * which keeps what it was given last: 150 MiB after some merges, backups and scrubs.
 */
export const DAEMON_ENVIRONMENT: Readonly<Record<string, string>> = { MALLOC_ARENA_MAX: '2' };
