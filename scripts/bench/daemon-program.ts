/** Which daemon is measured: the built one, as in production, unless it is older than the sources. */

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DAEMON_SHIM, type DaemonProgram } from '../child-daemon.ts';

const SOURCES = fileURLToPath(new URL('../../src', import.meta.url));
const BUILT_MAIN = new URL('../../dist/daemon/main.js', import.meta.url);
const BUILT_DAEMON = fileURLToPath(new URL('./built-daemon.js', import.meta.url));

export interface ChosenProgram {
  readonly program: DaemonProgram;
  /** For the heading. */
  readonly description: string;
}

export function chooseDaemonProgram(): ChosenProgram {
  const builtMs = statSync(BUILT_MAIN, { throwIfNoEntry: false })?.mtimeMs;
  if (builtMs === undefined)
    return { program: DAEMON_SHIM, description: 'src (dist is not built)' };
  if (builtMs < newestMs(SOURCES)) {
    return { program: DAEMON_SHIM, description: 'src (dist is older; npm run build renews it)' };
  }
  return { program: [BUILT_DAEMON], description: 'dist' };
}

function newestMs(directory: string): number {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  return entries.reduce((newest, { parentPath, name }) => {
    return Math.max(newest, statSync(join(parentPath, name)).mtimeMs);
  }, 0);
}
