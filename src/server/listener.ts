/**
 * The server: what its connections share. It sweeps over their deadlines once a second,
 * and lets them go in good order when the server stops.
 */

import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { CaskError } from '../errors/cask-error.ts';
import { limitNameOf } from '../errors/limit-error.ts';
import type { Authenticator } from '../security/index.ts';
import type { StoreLogger } from '../storage/store-options.ts';
import type { LimitFigures } from '../vocabulary/limit-figure.ts';
import { Acceptor, type Connect, type ListenPlace } from './acceptor.ts';
import { ConnectionRegistry } from './client-registry.ts';
import { Connection } from './connection.ts';
import { ConnectionAdmission } from './connection-admission.ts';
import { DeadlineAlarm } from './deadline-alarm.ts';
import { FlushQueue } from './flush-queue.ts';
import { FrameAdmission } from './frame-admission.ts';
import { limitFigures } from './limit-figures.ts';
import { OperationLatencies } from './operation-latencies.ts';
import { RateLimits } from './rate-limits.ts';
import type { ServedConfiguration } from './served-configuration.ts';
import type { ServedConnection } from './served-connection.ts';
import type { ServedStore } from './served-store.ts';
import { ServerCounters } from './server-counters.ts';
import {
  changeServerLimits,
  resolveServerLimits,
  type ServerLimitChanges,
  type ServerLimits,
} from './server-limits.ts';
import { ServerLoad } from './server-load.ts';
import type { HostSource, ServerIdentity, ServerServices } from './server-services.ts';
import { type ServerStats, serverStats } from './server-stats.ts';
import { SlowLog } from './slow-log.ts';
import type { TlsIdentity } from './tls/tls-identity.ts';
import { Turns } from './turns.ts';

export interface ListenOptions extends ListenPlace {
  readonly store: ServedStore;
  readonly identity: ServerIdentity;
  readonly limits?: Partial<ServerLimits>;
  /** Without it connections are in the clear. */
  readonly tls?: TlsIdentity | undefined;
  /** Without it everybody may do everything. */
  readonly authenticator?: Authenticator | undefined;
  /** What CONFIG reads and changes. */
  readonly configuration?: ServedConfiguration | undefined;
  /** Absolute; BACKUP may write in it. Without it there are no backups. */
  readonly backupDirectory?: string | undefined;
  readonly log?: StoreLogger;
  readonly hostFigures?: HostSource | undefined;
}

const SWEPT_PER_TURN = 500;
/** After GOAWAY, the time for requests that crossed it to get their answer. */
const DRAIN_CROSSING_MS = 100;
const DRAIN_POLL_MS = 10;
/**
 * Listens.
 * @throws CaskError INVALID_OPTION; the system's error (EADDRINUSE, EACCES, EADDRNOTAVAIL, ...)
 */
export async function listen(options: ListenOptions): Promise<CaskServer> {
  const server = new CaskServer(options);
  await server.open(options);
  return server;
}

export class CaskServer implements ServerServices {
  readonly store: ServedStore;
  limits: ServerLimits;
  readonly identity: ServerIdentity;
  readonly authenticator: Authenticator | undefined;
  readonly tls: boolean;
  readonly configuration: ServedConfiguration | undefined;
  readonly backupDirectory: string | undefined;
  readonly log: StoreLogger;
  readonly hostFigures: HostSource | undefined;
  readonly counters = new ServerCounters();
  readonly load = new ServerLoad();
  readonly frames = new FrameAdmission(() => this.limits, this.load);
  readonly admission = new ConnectionAdmission(() => this.limits, this.load);
  readonly rates = new RateLimits(() => this.limits, this.load);
  readonly turns = new Turns();
  readonly alarm = new DeadlineAlarm(
    () => this.limits.sweepIntervalMs,
    (nowMs) => this.#expire(nowMs),
  );
  readonly flushQueue = new FlushQueue();
  readonly startedAt = Date.now();
  coarseNowMs = performance.now();
  readonly latencies = new OperationLatencies(this.coarseNowMs);
  readonly slowLog = new SlowLog(() => this.limits);

  readonly #tls: TlsIdentity | undefined;
  readonly #native: Acceptor;
  readonly #acceptors: Acceptor[] = [];
  readonly clients = new ConnectionRegistry();
  #sweeper: NodeJS.Timeout | undefined;
  /** Connections that the sweep has still to look at. */
  #unswept: IterableIterator<ServedConnection> | undefined;
  #clientIds = 0;
  #awaitingShortQueue = false;
  #closed: Promise<void> | undefined;

  constructor(options: ListenOptions) {
    this.store = options.store;
    this.limits = resolveServerLimits(options.limits ?? {}, options.store.options);
    this.identity = options.identity;
    this.authenticator = options.authenticator;
    this.tls = options.tls !== undefined;
    this.configuration = options.configuration;
    this.backupDirectory = options.backupDirectory;
    this.log = options.log ?? (() => {});
    this.hostFigures = options.hostFigures;
    this.#tls = options.tls;
    this.#native = this.#acceptorOf((socket, id) => new Connection(socket, this, id));
    this.#acceptors.push(this.#native);
  }

  /** Starts to listen; `listen()` does it. */
  async open(where: ListenPlace): Promise<void> {
    await this.#native.open(where);
    this.#sweeper = setInterval(() => this.#sweep(), this.limits.sweepIntervalMs);
    this.#sweeper.unref();
  }

  /**
   * Listens at one more address, where clients speak another protocol: with the same store, limits,
   * users and figures. It ends with the server.
   * @throws the system's error
   */
  async listenAlso(connect: Connect, where: ListenPlace): Promise<Acceptor> {
    const acceptor = this.#acceptorOf(connect);
    await acceptor.open(where);
    this.#acceptors.push(acceptor);
    return acceptor;
  }

  #acceptorOf(connect: Connect): Acceptor {
    return new Acceptor({ services: this, connections: this.clients.all, tls: this.#tls, connect });
  }

  /** Where it listens. */
  get address(): { readonly host: string; readonly port: number } {
    return this.#native.address;
  }

  /**
   * Changes limits, for connections that are open, too.
   * @throws CaskError INVALID_OPTION naming every limit that is wrong; then nothing is changed
   */
  reconfigure(changes: ServerLimitChanges): void {
    this.limits = changeServerLimits(this.limits, changes, this.store.options);
  }

  stats(): ServerStats {
    return serverStats(this);
  }

  /** Each limit, of the store too: what it is, what is used of it, how often it was reached. */
  limitFigures(): LimitFigures {
    const { limits = {} } = this.store.stats() as { readonly limits?: LimitFigures };
    return limitFigures(this, limits);
  }

  takeClientId(): number {
    this.#clientIds += 1;
    return this.#clientIds;
  }

  countError(error: CaskError): void {
    this.counters.countError(error.code);
    const limitName = limitNameOf(error);
    if (limitName !== undefined) this.load.reach(limitName);
  }

  awaitShortWriteQueue(): void {
    if (this.#awaitingShortQueue) return;
    this.#awaitingShortQueue = true;
    this.store.onWriteQueueShort(() => {
      this.#awaitingShortQueue = false;
      for (const connection of this.clients.all) connection.onWriteQueueShort();
    });
  }

  /**
   * Stops accepting, asks every client to go, answers what was asked, closes.
   * @returns false: the grace was over before everything was answered
   */
  async drain(reason: string, graceMs: number): Promise<boolean> {
    const deadlineMs = performance.now() + graceMs;
    const closed = this.#stopAccepting();
    // one turn of the loop, so that requests that lie in the kernel count as asked before
    await nextTurn();
    await nextTurn();
    for (const connection of this.clients.all) connection.drain(reason, graceMs);
    const crossedMs = performance.now() + DRAIN_CROSSING_MS;
    while (this.clients.all.size > 0 && performance.now() < deadlineMs) {
      await delay(DRAIN_POLL_MS);
      const nowMs = performance.now();
      for (const connection of this.clients.all) {
        if (connection.closed) connection.sweep(nowMs);
        else if (connection.idle && nowMs >= crossedMs) connection.end();
      }
    }
    const late = [...this.clients.all].filter(({ closed }) => !closed);
    for (const connection of late) connection.disconnect(new CaskError('SHUTTING_DOWN', reason));
    this.#destroyAll();
    await closed;
    return late.length === 0;
  }

  /** Stops accepting and closes every connection at once. */
  close(): Promise<void> {
    const closed = this.#stopAccepting();
    this.#destroyAll();
    return closed;
  }

  #destroyAll(): void {
    clearInterval(this.#sweeper);
    this.alarm.cancel();
    for (const connection of this.clients.all) connection.destroy();
    for (const acceptor of this.#acceptors) acceptor.destroyUnaccepted();
  }

  #stopAccepting(): Promise<void> {
    this.#closed ??= Promise.all(this.#acceptors.map((acceptor) => acceptor.stop())).then(() => {});
    return this.#closed;
  }

  /** @returns when something may be too late next */
  #expire(nowMs: number): number {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const connection of this.clients.all) {
      nextMs = Math.min(nextMs, connection.expire(nowMs));
    }
    return nextMs;
  }

  #sweep(): void {
    const nowMs = performance.now();
    this.coarseNowMs = nowMs;
    this.latencies.sweep(nowMs);
    this.rates.sweep(nowMs);
    if (this.#unswept !== undefined) return;
    this.#unswept = this.clients.all.values();
    this.#sweepSome();
  }

  /** Some connections a turn: thousands of them would hold up the others. */
  readonly #sweepSome = (): void => {
    const nowMs = performance.now();
    for (let count = 0; count < SWEPT_PER_TURN; count++) {
      const connection = this.#unswept?.next().value;
      if (connection === undefined) {
        this.#unswept = undefined;
        return;
      }
      connection.sweep(nowMs);
    }
    setImmediate(this.#sweepSome);
  };
}
