/** etcd on free ports of loopback. It syncs before it answers: there is no other way. */

import { freePort } from '../../packaging/free-port.ts';
import { ServerProcess } from './server-process.ts';

export async function startEtcd(directory: string): Promise<ServerProcess> {
  const [port, peerPort] = [await freePort(), await freePort()];
  const client = `http://127.0.0.1:${port}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  const flags = {
    '--name': 'bench',
    '--data-dir': directory,
    '--listen-client-urls': client,
    '--advertise-client-urls': client,
    '--listen-peer-urls': peer,
    '--initial-advertise-peer-urls': peer,
    '--initial-cluster': `bench=${peer}`,
    '--quota-backend-bytes': String(4 * 2 ** 30),
    '--log-level': 'error',
  };
  const server = new ServerProcess('etcd', Object.entries(flags).flat(), port);
  return server.answered(async () => (await fetch(`${client}/health`)).ok);
}
