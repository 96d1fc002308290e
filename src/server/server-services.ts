/** What the connections of a server share. */

import type { CaskError } from '../errors/cask-error.ts';
import type { Authenticator } from '../security/index.ts';
import type { StoreLogger } from '../storage/store-options.ts';
import type { ClientRegistry } from './client-registry.ts';
import type { ConnectionAdmission } from './connection-admission.ts';
import type { DeadlineAlarm } from './deadline-alarm.ts';
import type { FlushQueue } from './flush-queue.ts';
import type { FrameAdmission } from './frame-admission.ts';
import type { OperationLatencies } from './operation-latencies.ts';
import type { RateLimits } from './rate-limits.ts';
import type { ServedConfiguration } from './served-configuration.ts';
import type { ServedStore } from './served-store.ts';
import type { ServerCounters } from './server-counters.ts';
import type { ServerLimits } from './server-limits.ts';
import type { ServerLoad } from './server-load.ts';
import type { SlowLog } from './slow-log.ts';
import type { Turns } from './turns.ts';

export interface ServerIdentity {
  readonly version: string;
  /** Stays the same as long as the data does, where the store knows such a thing. */
  readonly serverId: string;
}

/** `HostMonitor` has it. */
export interface HostSource {
  figures(): object;
}

export interface ServerServices {
  readonly store: ServedStore;
  /** As they are now: they may be replaced. */
  readonly limits: ServerLimits;
  readonly counters: ServerCounters;
  /** What all connections hold together. */
  readonly load: ServerLoad;
  readonly frames: FrameAdmission;
  readonly admission: ConnectionAdmission;
  readonly alarm: DeadlineAlarm;
  readonly rates: RateLimits;
  readonly turns: Turns;
  readonly latencies: OperationLatencies;
  readonly slowLog: SlowLog;
  readonly clients: ClientRegistry;
  readonly flushQueue: FlushQueue;
  readonly identity: ServerIdentity;
  /** Undefined: nobody is asked who they are, and everybody may do everything. */
  readonly authenticator: Authenticator | undefined;
  /** Connections are under TLS. */
  readonly tls: boolean;
  /** Ms since 1970. */
  readonly startedAt: number;
  /** Where BACKUP may write, and nowhere else; undefined: nowhere. */
  readonly backupDirectory: string | undefined;
  /** What CONFIG is about; undefined: the server is not a daemon's. */
  readonly configuration: ServedConfiguration | undefined;
  /** The same shape as the engine's log. */
  readonly log: StoreLogger;
  /** Figures of the process and its machine, for STATS. */
  readonly hostFigures: HostSource | undefined;
  /** Milliseconds that never go back, as of the last sweep: cheap, and good for deadlines. */
  readonly coarseNowMs: number;
  /** For a new connection; ids ascend. */
  takeClientId(): number;
  /** Counts an error that a client is told, and the limit that it is about. */
  countError(error: CaskError): void;
  /** Calls back, once, when the store's write queue is short again. */
  awaitShortWriteQueue(): void;
}
