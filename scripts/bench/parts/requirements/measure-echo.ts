/** What a round trip costs where nothing is done: beside it, that of a read is to be seen. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { endWithParent } from '../../../end-with-parent.ts';
import type { BenchContext } from '../../part.ts';

const SERVER = fileURLToPath(new URL('../../load/echo-server.ts', import.meta.url));
const MESSAGE = Buffer.alloc(40);

export async function measureEcho({ results, seconds }: BenchContext): Promise<void> {
  const server = fork(SERVER);
  endWithParent(server);
  const [port] = (await once(server, 'message')) as [number];
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  let echoes = 0;
  socket.on('data', () => {
    echoes += 1;
    socket.write(MESSAGE);
  });
  socket.write(MESSAGE);
  await delay((seconds * 1000) / 3);
  const before = echoes;
  const sinceMs = performance.now();
  await delay(seconds * 1000);
  const ms = performance.now() - sinceMs;
  results.figure(
    'for comparison: an echo between two processes, one by one',
    'ms',
    ms / (echoes - before),
  );
  socket.destroy();
  server.kill();
  await once(server, 'exit');
}
