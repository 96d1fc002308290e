/**
 * Asks for one path over and over, one request at a time on each of some connections, and prints how
 * many were answered a second, and in all: `node http-load.ts PORT PATH CONNECTIONS MS`. Answers are of one length, so
 * that counting their bytes is enough; the generator costs little beside what it measures.
 */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const [port, path, connections, ms] = process.argv.slice(2);
const REQUEST = `GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: keep-alive\r\n\r\n`;
const HEAD_END = '\r\n\r\n';

let answered = 0;

/** The first answer says how long they are. @throws when it is not 200 */
async function begin(): Promise<Socket> {
  const socket = connect(Number(port), '127.0.0.1');
  await once(socket, 'connect');
  socket.setNoDelay(true);
  socket.write(REQUEST);
  const [first] = (await once(socket, 'data')) as [Buffer];
  if (!first.toString('latin1').startsWith('HTTP/1.1 200')) throw new Error(first.toString());
  return socket;
}

function repeat(socket: Socket): void {
  let length = 0;
  let received = 0;
  socket.on('data', (chunk: Buffer) => {
    received += chunk.length;
    if (length === 0) length = lengthOf(chunk);
    if (received < length) return;
    received = 0;
    length = 0;
    answered += 1;
    socket.write(REQUEST);
  });
  socket.write(REQUEST);
}

function lengthOf(chunk: Buffer): number {
  const head = chunk.indexOf(HEAD_END) + HEAD_END.length;
  const [, body] = /content-length: (\d+)/i.exec(chunk.toString('latin1', 0, head)) ?? [];
  return head + Number(body);
}

const sockets = await Promise.all(Array.from({ length: Number(connections) }, begin));
for (const socket of sockets) repeat(socket);
await delay(Number(ms) / 3);
const before = answered;
const sinceMs = performance.now();
await delay(Number(ms));
const seconds = (performance.now() - sinceMs) / 1000;
console.log(`${(answered - before) / seconds} ${answered}`);
for (const socket of sockets) socket.destroy();
