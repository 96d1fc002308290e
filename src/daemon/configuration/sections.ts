/** The groups of settings, in the order of `--help` and of the reference page. */

export const SECTIONS = {
  general: {
    title: 'General',
    about: 'Where the data is, where the daemon listens, what it logs.',
  },
  security: {
    title: 'Security',
    about:
      'Who may in, and what others can listen to. An address that is not loopback needs users and ' +
      'TLS, or `insecure`; see [security.md](security.md).',
  },
  durability: {
    title: 'Durability and segments',
    about: 'When a write counts, and how the log is laid out on disk.',
  },
  limits: {
    title: 'Limits on requests',
    about: 'What one request may ask. Clients are told these at HELLO.',
  },
  memory: { title: 'Memory and files', about: 'What the store may take of the machine.' },
  merge: {
    title: 'Merging',
    about: 'When the space of dead records is reclaimed, and how fast.',
  },
  maintenance: {
    title: 'Backups and scrub',
    about: 'Where backups go, and how cold data is looked after; see [backup.md](backup.md).',
  },
  connections: {
    title: 'Connections',
    about: 'How many clients there may be, and how long each may take.',
  },
  insight: {
    title: 'Insight',
    about: 'What the daemon keeps to tell where time goes; `caskctl slowlog` shows it.',
  },
  http: { title: 'HTTP', about: 'Health, metrics and statistics for programs: see docs/http.md.' },
  resp: {
    title: 'Redis',
    about: 'The protocol of Redis over the same data: see docs/redis-compatibility.md.',
  },
} as const;

export type Section = keyof typeof SECTIONS;
