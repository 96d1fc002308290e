// Starts one of the two programs on a Node that can run it.
//
// On Node >= 24 the program runs here: from src (a clone) or from dist (a package). On an older
// Node it runs in the Node that the optional dependency node-<platform>-<arch> brings: same
// arguments, same terminal, signals forwarded, exit code copied. This file and its two callers
// must parse on Node 18.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR_MIN = 24;
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** Holds the pid of the shim in the environment of its child. */
const SHIM_PID = 'CASKD_SHIM_PID';
/** systemd says with these for which process sockets and watchdog are meant. */
const ADDRESSEES = ['LISTEN_PID', 'WATCHDOG_PID'];
const FIRST_SOCKET_FD = 3;
const SOCKETS_MAX = 16;

/** @param {'daemon' | 'shell'} program @param {string} shimUrl `import.meta.url` of the caller */
export async function launch(program, shimUrl) {
  if (Number.parseInt(process.versions.node, 10) < NODE_MAJOR_MIN) {
    launchBundled(fileURLToPath(shimUrl));
    return;
  }
  endWithShim();
  const source = new URL(`../src/${program}/main.ts`, import.meta.url);
  const built = new URL(`../dist/${program}/main.js`, import.meta.url);
  const { main } = await import((existsSync(source) ? source : built).href);
  await main(process.argv);
}

/** In the child of a shim: ends when the shim is gone, and never stays alive for its sake. */
function endWithShim() {
  const shimPid = process.env[SHIM_PID];
  if (shimPid === undefined) return;
  // not for the programs that this one starts
  delete process.env[SHIM_PID];
  for (const name of ADDRESSEES) {
    if (process.env[name] === shimPid) process.env[name] = String(process.pid);
  }
  const end = () => process.exit(128 + constants.signals.SIGKILL);
  if (!process.connected || shimPid !== String(process.ppid)) end();
  process.once('disconnect', end);
  process.channel.unref();
}

function launchBundled(shimPath) {
  const node = bundledNode();
  if (node === undefined) {
    fail('no bundled Node is installed for this platform');
    return;
  }
  const child = spawn(node, [...process.execArgv, shimPath, ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', ...handedDownSockets(), 'ipc'],
    env: { ...process.env, [SHIM_PID]: String(process.pid) },
  });
  for (const signal of FORWARDED) process.on(signal, () => child.kill(signal));
  child.once('error', (error) => {
    fail(`the bundled one cannot be started here (${error.message}; it needs Linux with glibc)`);
  });
  child.once('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
    if (signal === null) return;
    for (const forwarded of FORWARDED) process.removeAllListeners(forwarded);
    process.kill(process.pid, signal);
  });
}

/** Descriptors of socket activation, which keep their numbers in the child. */
function handedDownSockets() {
  const { LISTEN_PID, LISTEN_FDS } = process.env;
  const count = LISTEN_PID === String(process.pid) ? Number(LISTEN_FDS) || 0 : 0;
  return Array.from(
    { length: Math.min(count, SOCKETS_MAX) },
    (_, index) => FIRST_SOCKET_FD + index,
  );
}

/** The path of the bundled Node; found wherever npm hoisted it. */
function bundledNode() {
  const name = `node-${process.platform}-${process.arch}`;
  try {
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
    const path = join(dirname(manifest), 'bin', 'node');
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

function fail(why) {
  const have = `this is Node ${process.versions.node}, and ${why}`;
  console.error(`caskd needs Node ${NODE_MAJOR_MIN} or newer: ${have}. Install a newer Node.`);
  process.exitCode = 1;
}
