/** A child process that does not outlive the script that started it. */

import type { ChildProcess } from 'node:child_process';

/** Killed when this process exits; a signal is an exit where it calls `process.exit`. */
export function endWithParent(child: ChildProcess): void {
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', kill);
  child.once('exit', () => process.removeListener('exit', kill));
}
