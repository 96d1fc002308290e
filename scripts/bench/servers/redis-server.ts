/** Redis with its append-only file, or with snapshots, on a free port of loopback. */

import { connect } from 'node:net';
import { createClient } from '@redis/client';
import { freePort } from '../../packaging/free-port.ts';
import { ServerProcess } from './server-process.ts';

export type RedisFsync = 'everysec' | 'always';

/** The flags of an append-only file that is never rewritten while something is measured. */
export function appendOnly(fsync: RedisFsync): string[] {
  const rewrite = ['--auto-aof-rewrite-percentage', '0'];
  return ['--appendonly', 'yes', '--appendfsync', fsync, '--save', '', ...rewrite];
}

/** Starts it and waits until it serves, which is after it has loaded everything. */
export async function startRedis(
  directory: string,
  flags: readonly string[],
): Promise<ServerProcess> {
  const port = await freePort();
  const own = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory];
  const server = new ServerProcess('redis-server', [...own, ...flags], port);
  return server.answered(() => isPonged(port));
}

/** While it loads it answers with an error, and to any other command, too. */
function isPonged(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('GET ready\r\n'));
    const over = (is: boolean) => {
      socket.destroy();
      resolve(is);
    };
    socket.once('data', (reply) => over(reply.toString().startsWith('$')));
    socket.once('error', () => over(false));
  });
}

/** Sends one command. @returns its reply */
export async function tellRedis(port: number, ...words: string[]): Promise<unknown> {
  const client = createClient({ url: `redis://127.0.0.1:${port}` });
  await client.connect();
  try {
    return await client.sendCommand(words);
  } finally {
    await client.close();
  }
}
