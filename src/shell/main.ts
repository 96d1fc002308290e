/** Entry of `bin/caskctl.js`. */

import { connect } from '../client/index.ts';
import { runCaskctl } from './caskctl.ts';
import { EXIT_INTERRUPTED } from './exit-codes.ts';
import { interruptSignal } from './interrupt.ts';
import { connectOptionsOf, type ServerTarget } from './server-target.ts';
import type { ShellClient } from './shell-client.ts';

/** `argv` as in `process.argv`. Sets the exit code and lets the process end by itself. */
export async function main(argv: readonly string[]): Promise<void> {
  endWithReader();
  const interrupt = () => interruptSignal(process, () => process.exit(EXIT_INTERRUPTED));
  process.exitCode = await runCaskctl(argv.slice(2), process, openClient, interrupt);
}

/** Imports keep many puts on their way; the server's limit applies too. */
const MAX_IN_FLIGHT = 4096;

async function openClient(target: ServerTarget): Promise<ShellClient> {
  const client: Omit<ShellClient, 'rangePage'> = await connect({
    ...connectOptionsOf(target),
    clientName: 'caskctl',
    maxInFlight: MAX_IN_FLIGHT,
  });
  // rangePage fits too: its overloads hide that keys come as buffers where no encoding is asked for
  return client as ShellClient;
}

/** `caskctl range | head`: when nobody reads on, there is nothing left to do. */
function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
}
