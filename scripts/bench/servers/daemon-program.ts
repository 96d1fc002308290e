/** Which daemon is measured: the built one, as in production. */

import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DAEMON_SHIM, type DaemonProgram } from '../../child-daemon.ts';

const SOURCES = fileURLToPath(new URL('../../../src', import.meta.url));
const BUILT_MAIN = new URL('../../../dist/daemon/main.js', import.meta.url);
const BUILT_DAEMON = fileURLToPath(new URL('./built-daemon.js', import.meta.url));
const BUILD = fileURLToPath(new URL('../../prepare.js', import.meta.url));

export interface ChosenProgram {
  readonly program: DaemonProgram;
  /** For the heading. */
  readonly description: string;
}

/** Builds it where it is older than the sources. */
export function chooseDaemonProgram(): ChosenProgram {
  if (!isBuilt()) spawnSync(process.execPath, [BUILD], { stdio: 'inherit' });
  if (isBuilt()) return { program: [BUILT_DAEMON], description: 'built' };
  return { program: DAEMON_SHIM, description: 'from sources, as it cannot be built' };
}

function isBuilt(): boolean {
  const builtMs = statSync(BUILT_MAIN, { throwIfNoEntry: false })?.mtimeMs;
  return builtMs !== undefined && builtMs >= newestMs(SOURCES);
}

function newestMs(directory: string): number {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  return entries.reduce((newest, entry) => {
    if (!entry.isFile()) return newest;
    return Math.max(newest, statSync(join(entry.parentPath, entry.name)).mtimeMs);
  }, 0);
}
