/** Many connections, some at a time, so that the accept queue is not what is measured. */

import type { Peer } from './peer.ts';

const AT_ONCE = 100;

export async function openMany(count: number, open: () => Promise<Peer>): Promise<Peer[]> {
  const peers: Peer[] = [];
  while (peers.length < count) {
    const batch = Math.min(AT_ONCE, count - peers.length);
    peers.push(...(await Promise.all(Array.from({ length: batch }, open))));
  }
  return peers;
}

/** Closes them and waits until all are gone. */
export async function closeAll(peers: readonly Peer[]): Promise<void> {
  for (const { socket } of peers) socket.destroy();
  await Promise.all(peers.map(({ whenClosed }) => whenClosed));
}
