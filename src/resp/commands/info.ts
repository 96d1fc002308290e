/** INFO: figures under the names that tools for Redis know. */

import { OP_STATS } from '../../protocol/op-codes.ts';
import type { RespCommand, RespContext } from './command.ts';

/** The version of Redis whose commands these are, for clients that look at it. */
const REDIS_VERSION = '7.0.0';

type Figures = Readonly<Record<string, string | number>>;

interface KnownStats {
  readonly keys?: number;
  readonly keydir?: { readonly bytes: number; readonly retired: number };
  readonly cache?: { readonly hits: number; readonly misses: number };
  readonly log?: { readonly bytes: number; readonly liveBytes: number };
}

const SECTIONS: Readonly<Record<string, (context: RespContext, stats: KnownStats) => Figures>> = {
  server: ({ services, server }) => ({
    redis_version: REDIS_VERSION,
    redis_mode: 'standalone',
    caskd_version: services.identity.version,
    os: `${process.platform} ${process.arch}`,
    arch_bits: 64,
    process_id: process.pid,
    run_id: services.identity.serverId.padStart(40, '0'),
    tcp_port: server.port,
    uptime_in_seconds: Math.floor((Date.now() - services.startedAt) / 1000),
    uptime_in_days: Math.floor((Date.now() - services.startedAt) / 86_400_000),
  }),
  clients: ({ services }) => ({
    connected_clients: services.counters.connectionsOpen,
    maxclients: services.limits.maxConnections,
    blocked_clients: 0,
  }),
  memory: (_context, { keydir }) => ({
    used_memory: process.memoryUsage.rss(),
    used_memory_rss: process.memoryUsage.rss(),
    caskd_keydir_bytes: keydir?.bytes ?? 0,
    maxmemory: 0,
    maxmemory_policy: 'noeviction',
  }),
  persistence: ({ services, server }, { log }) => ({
    loading: services.store.indexReady ? 0 : 1,
    rdb_bgsave_in_progress: server.isSaving ? 1 : 0,
    rdb_last_save_time: Math.floor(server.savedAt / 1000),
    aof_enabled: 1,
    aof_current_size: log?.bytes ?? 0,
    aof_base_size: log?.liveBytes ?? 0,
  }),
  stats: ({ services, server }, { keydir, cache }) => ({
    total_connections_received:
      services.counters.connectionsAccepted - server.baseline.connectionsAccepted,
    total_commands_processed: requestsOf(services.counters) - server.baseline.requests,
    total_net_input_bytes: services.counters.bytesIn - server.baseline.bytesIn,
    total_net_output_bytes: services.counters.bytesOut - server.baseline.bytesOut,
    rejected_connections: services.counters.connectionsRejected,
    expired_keys: keydir?.retired ?? 0,
    evicted_keys: 0,
    caskd_cache_hits: cache?.hits ?? 0,
    caskd_cache_misses: cache?.misses ?? 0,
  }),
  replication: () => ({ role: 'master', connected_slaves: 0 }),
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return { used_cpu_sys: system / 1e6, used_cpu_user: user / 1e6 };
  },
  cluster: () => ({ cluster_enabled: 0 }),
  keyspace: (_context, { keys = 0 }): Figures => (keys === 0 ? {} : { db0: `keys=${keys}` }),
};

export function requestsOf({ requests, unknownRequests }: RequestCounts): number {
  return requests.reduce((sum, count) => sum + count, unknownRequests);
}

interface RequestCounts {
  readonly requests: readonly number[];
  readonly unknownRequests: number;
}

const EVERYTHING: ReadonlySet<string> = new Set(['all', 'default', 'everything']);

function textOf(context: RespContext, wanted: readonly string[]): string {
  const isAll = wanted.length === 0 || wanted.some((name) => EVERYTHING.has(name));
  const stats = context.services.store.stats() as KnownStats;
  return Object.entries(SECTIONS)
    .filter(([name]) => isAll || wanted.includes(name))
    .map(([name, figures]) => {
      const title = `# ${name.charAt(0).toUpperCase()}${name.slice(1)}`;
      const lines = Object.entries(figures(context, stats)).map(
        ([key, value]) => `${key}:${value}`,
      );
      return `${[title, ...lines].join('\r\n')}\r\n`;
    })
    .join('\r\n');
}

export const info: RespCommand = {
  name: 'info',
  arity: -1,
  flags: ['loading', 'stale'],
  keys: [0, 0, 0],
  role: 'read',
  reach: 'server',
  op: OP_STATS,
  group: 'server',
  since: '1.0.0',
  summary: 'Returns information and statistics about the server.',
  syntax: '[section [section ...]]',
  run(context, args) {
    const wanted = Array.from({ length: args.count - 1 }, (_, index) => args.option(index + 1));
    context.answer((reply) => reply.verbatim(textOf(context, wanted)));
  },
};
