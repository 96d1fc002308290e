/**
 * Sends back what it receives, on a free port of loopback that it tells its parent: what a round trip
 * between two processes of this runtime costs, whatever is served.
 */

import { type AddressInfo, createServer } from 'node:net';

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('data', (chunk) => socket.write(chunk));
  socket.on('error', () => socket.destroy());
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
