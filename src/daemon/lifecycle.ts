/**
 * The life of the daemon: open the store, listen, serve, stop in good order.
 *
 * `runDaemon` resolves with the exit code; nothing here ends the process, except through `abort`
 * when it must end at once.
 */

import type { EventEmitter } from 'node:events';
import { assert, CaskError, toCaskError } from '../errors/cask-error.ts';
import { HostMonitor } from '../host/host-monitor.ts';
import type { HttpServer, ObservedStore, Readiness } from '../http/index.ts';
import { type CaskServer, listen } from '../server/index.ts';
import type { StoreChanges, StoreOptionsInput } from '../storage/store-options.ts';
import type { StoreHealth } from '../storage/store-stats.ts';
import { type Address, formatAddress, parseAddress } from './address.ts';
import { backupDirectoryOf, serverLimitsOf, storeOptionsOf } from './configuration/parts.ts';
import { protectionOf } from './configuration/rules.ts';
import type { RunningConfiguration } from './configuration/running-configuration.ts';
import { DaemonHealth } from './daemon-health.ts';
import { type DaemonSecurity, openSecurity } from './daemon-security.ts';
import { EXIT, type ExitCode, exitCodeOf } from './exit-codes.ts';
import { exposureProblem, warnOfExposure } from './exposure.ts';
import { startHttp } from './http-listener.ts';
import type { InheritedSockets } from './inherited-sockets.ts';
import { NOT_TCP, reportListenFailure } from './listen-failure.ts';
import type { LogLines } from './log-lines.ts';
import { type Logger, storeLogger } from './logging.ts';
import { warnOfSharedDirectory } from './private-files.ts';
import { startResp } from './resp-listener.ts';
import type { ServiceManager } from './service-manager.ts';
import { type StopSignal, watchStopSignals } from './stop-signals.ts';
import { UsageError } from './usage-error.ts';

/** What the daemon needs of a store besides serving it. */
export interface DaemonStore extends ObservedStore {
  /** Resolves if the store fails while serving. */
  readonly failed: Promise<CaskError>;
  health(): StoreHealth;
  /** Syncs, writes hints, gives up the directory. */
  close(): Promise<void>;
  reconfigure(changes: StoreChanges): void;
}

export interface DaemonWorld {
  readonly openStore: (options: StoreOptionsInput) => Promise<DaemonStore>;
  readonly log: Logger;
  readonly logLines: LogLines;
  readonly services: ServiceManager;
  /** Listeners that were handed down to this process. */
  readonly sockets: InheritedSockets;
  /** Where signals and uncaught errors come from: `process`. */
  readonly process: Pick<EventEmitter, 'on'>;
  /** Ends the process at once. */
  readonly abort: (code: ExitCode) => void;
  readonly version: string;
}

/** How long answers may take to leave after the store failed. */
const FAILURE_GRACE_MS = 500;
/** And those over HTTP, once everything else is over. */
const HTTP_GRACE_MS = 1000;

export async function runDaemon(
  configuration: RunningConfiguration,
  world: DaemonWorld,
): Promise<ExitCode> {
  const { log, version } = world;
  watchForBugs(world);
  const stopAsked = watchSignals(world);
  const reloadable: Reloadable = { configuration, security: undefined, status: undefined };
  world.process.on('SIGHUP', () => void reload(reloadable, world));
  let security: DaemonSecurity;
  try {
    security = await openSecurity(configuration.values, log);
  } catch (thrown) {
    const { code, message } = toCaskError(thrown);
    log.fatal({ code, error: message }, 'security-failed');
    return EXIT.usage;
  }
  reloadable.security = security;
  const onServing = (status: string): void => {
    reloadable.status = status;
  };
  const health = new DaemonHealth();
  const host = new HostMonitor();
  const readiness = (): Readiness => health.readiness();
  let http: HttpServer | undefined;
  try {
    const sources = { version, host, logLines: world.logLines.byLevel, readiness };
    http = await startHttp(configuration.current, sources, security, log);
  } catch (thrown) {
    host.stop();
    security.close();
    return reportListenFailure('http', configuration.values.http, log, thrown);
  }
  const frame: Frame = { stopAsked, security, health, host, http, onServing };
  try {
    return await serve(configuration, world, frame);
  } finally {
    await http?.close(HTTP_GRACE_MS);
    host.stop();
    security.close();
  }
}

/** What SIGHUP reads anew; each from when it is there. */
interface Reloadable {
  readonly configuration: RunningConfiguration;
  security: DaemonSecurity | undefined;
  /** For the service manager, once the daemon serves. */
  status: string | undefined;
}

/** What is there before the store is, and ends after it. */
interface Frame {
  readonly stopAsked: Promise<StopSignal>;
  readonly security: DaemonSecurity;
  readonly health: DaemonHealth;
  readonly host: HostMonitor;
  readonly http: HttpServer | undefined;
  readonly onServing: (status: string) => void;
}

/** Opens the store and serves until asked to stop. */
async function serve(
  configuration: RunningConfiguration,
  world: DaemonWorld,
  frame: Frame,
): Promise<ExitCode> {
  const { log } = world;
  const { stopAsked, health, http, onServing } = frame;
  const startMs = performance.now();
  const options = storeOptionsOf(configuration.current);
  const { directory } = options;
  for (const warning of configuration.current.warnings) log.warn({ warning }, 'configuration-odd');
  log.info({ data: directory, version: world.version }, 'opening');
  world.services.opening(`loading ${directory}`);
  await warnOfSharedDirectory(directory, log);
  let store: DaemonStore;
  try {
    store = await world.openStore({ ...options, logger: storeLogger(log) });
  } catch (thrown) {
    return reportOpenFailure(directory, log, toCaskError(thrown));
  }
  let server: CaskServer;
  try {
    server = await startServer(configuration, world, store, frame);
  } catch (thrown) {
    const code = reportListenFailure('listen', configuration.values.listen, log, thrown);
    await store.close();
    return code;
  }
  const shutdown = Promise.withResolvers<string>();
  try {
    await startResp(configuration, server, () => shutdown.resolve('SHUTDOWN'), log);
  } catch (thrown) {
    const code = reportListenFailure('resp', configuration.values.resp, log, thrown);
    await server.close();
    await store.close();
    return code;
  }
  health.serving(store);
  http?.serving({ store, server });
  const address = addressOf(configuration, world, server);
  const loadMs = Math.round(performance.now() - startMs);
  const { pid } = process;
  log.info({ address, pid, loadMs, store: loadFigures(store) }, 'ready');
  const status = `serving on ${address}`;
  onServing(status);
  configuration.attach({ store, server });
  world.services.ready(status);
  world.services.watch(() => store.health().status !== 'failed');
  const reason = await Promise.race([stopAsked, shutdown.promise, store.failed]);
  health.draining();
  const failed = async (error: CaskError): Promise<ExitCode> => {
    // Who waits is told what became of its writes.
    await server.drain('the store failed', FAILURE_GRACE_MS);
    return reportStoreFailure(log, error);
  };
  if (typeof reason !== 'string') return failed(reason);
  return Promise.race([
    stop(configuration, world, { server, store, http }, reason),
    store.failed.then(failed),
  ]);
}

async function reload(
  { configuration, security, status }: Reloadable,
  { services }: DaemonWorld,
): Promise<void> {
  if (status !== undefined) services.reloading();
  configuration.reload();
  await security?.reload();
  if (status !== undefined) services.ready(status);
}

function listenAddress({ values }: RunningConfiguration): Address {
  const address = parseAddress(values.listen);
  assert(address !== undefined, 'the configuration was checked');
  return address;
}

async function startServer(
  configuration: RunningConfiguration,
  world: DaemonWorld,
  store: DaemonStore,
  { security, host }: Frame,
): Promise<CaskServer> {
  const server = await listen({
    store,
    ...listenAddress(configuration),
    fd: world.sockets.get('caskd'),
    identity: { version: world.version, serverId: store.uuid },
    limits: serverLimitsOf(configuration.current),
    authenticator: security.authenticator,
    tls: security.tls,
    configuration,
    backupDirectory: backupDirectoryOf(configuration.values),
    log: storeLogger(world.log),
    hostFigures: host,
  });
  // Nothing was accepted yet: that takes a turn of the event loop.
  const { address } = server;
  const protection = protectionOf(configuration.values);
  const problem = address.host === '' ? NOT_TCP : exposureProblem(address, protection);
  if (problem === undefined) {
    warnOfExposure(address, protection, world.log);
    return server;
  }
  await server.close();
  throw new UsageError([problem], EXIT.address);
}

/** As the user wrote it, with the port that it became; a socket handed down knows its own. */
function addressOf(
  configuration: RunningConfiguration,
  world: DaemonWorld,
  server: CaskServer,
): string {
  const { address } = server;
  if (world.sockets.has('caskd')) return formatAddress(address);
  return formatAddress({ host: listenAddress(configuration).host, port: address.port });
}

function reportStoreFailure(log: Logger, { code, message }: CaskError): ExitCode {
  log.fatal({ code, error: message }, 'stopped-by-failure');
  return EXIT.runtimeFailure;
}

/** Counters of the store that are plain numbers. */
function loadFigures(store: DaemonStore): Record<string, number> {
  const all: [string, unknown][] = Object.entries(store.stats());
  return Object.fromEntries(
    all.filter((pair): pair is [string, number] => typeof pair[1] === 'number'),
  );
}

/** Long work ends where it is; who waits for it is told how far it came. */
function stopJobs({ jobs }: DaemonStore): void {
  const reason = 'the server is stopping';
  const refusal = new CaskError('SHUTTING_DOWN', reason);
  void jobs.close(refusal, new CaskError('CANCELLED', reason));
}

/** What has to come to an end in good order. */
interface Serving {
  readonly server: CaskServer;
  readonly store: DaemonStore;
  readonly http: HttpServer | undefined;
}

async function stop(
  configuration: RunningConfiguration,
  world: DaemonWorld,
  { server, store, http }: Serving,
  /** What asked for it: a signal, or a command. */
  signal: string,
): Promise<ExitCode> {
  const { log } = world;
  const { shutdownGraceMs } = configuration.values;
  log.info({ signal, shutdownGraceMs }, 'stopping');
  world.services.stopping(`${signal}: finishing what was asked`);
  stopJobs(store);
  const [inTime] = await Promise.all([
    server.drain('the server is stopping', shutdownGraceMs),
    http?.drain(shutdownGraceMs),
  ]);
  if (!inTime) log.warn({ shutdownGraceMs }, 'requests-unanswered');
  try {
    await store.close();
  } catch (thrown) {
    const error = toCaskError(thrown);
    log.fatal({ code: error.code, error: error.message }, 'close-failed');
    return EXIT.runtimeFailure;
  }
  log.info({ ...server.stats() }, 'stopped');
  return EXIT.ok;
}

function watchSignals(world: DaemonWorld): Promise<StopSignal> {
  const { log } = world;
  return new Promise((resolve) => {
    watchStopSignals({
      source: world.process,
      onFirst: resolve,
      onSecond: (signal) => {
        log.warn({ signal }, 'second-signal');
        world.abort(EXIT.runtimeFailure);
      },
    });
  });
}

/** Whatever was not expected leaves the process in an unknown state: it ends at once. */
function watchForBugs({ process: source, log, abort }: DaemonWorld): void {
  const end = (what: string, thrown: unknown): void => {
    const stack = thrown instanceof Error ? thrown.stack : undefined;
    log.fatal({ what, error: String(thrown), stack }, 'bug');
    abort(EXIT.internal);
  };
  for (const event of ['uncaughtException', 'unhandledRejection']) {
    source.on(event, (thrown: unknown) => end(event, thrown));
  }
}

function reportOpenFailure(data: string, log: Logger, error: CaskError): ExitCode {
  const { code, message } = error;
  log.fatal({ code, error: message, data }, 'open-failed');
  return exitCodeOf(error);
}
