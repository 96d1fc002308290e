/** A connection that sends right and wrong frames, reads what comes, and goes. */

import { connect, type Socket } from 'node:net';
import type { SeededRandom } from '../../scripts/torture/seeded-random.ts';
import { FRAME_HEADER_BYTES } from '../../src/protocol/frame.ts';
import { OP_DELETE_RANGE } from '../../src/protocol/op-codes.ts';
import { unpackBody } from '../../src/protocol/packr.ts';
import { encodePreamble } from '../../src/protocol/preamble.ts';
import { HELLO } from '../unit/server/wire-client.ts';
import { chopped, type FuzzTarget } from './fuzz-target.ts';
import { makeInput } from './mutate.ts';
import { requestFrames } from './targets/streams.ts';

const FRAMES_MAX = 120;
const WAIT_MS_MAX = 2000;

function operationOf(frame: Buffer): unknown {
  return unpackBody(frame, FRAME_HEADER_BYTES, frame.length)[1];
}

/** Single frames only: counted one by one. */
const FRAMES: FuzzTarget = {
  ...requestFrames,
  // the deleting of ranges is a right request that would take away what others check
  seeds: requestFrames.seeds
    .filter((seed) => seed.length < 4000)
    .slice(0, -1)
    .filter((seed) => operationOf(seed) !== OP_DELETE_RANGE),
};

/** @returns how many frames were sent */
export async function beHostile(port: number, random: SeededRandom): Promise<number> {
  const parts: Buffer[] = [];
  // now and then the preamble or HELLO itself is wrong, or missing
  if (random.chance(0.97)) parts.push(encodePreamble());
  if (random.chance(0.95)) parts.push(HELLO);
  const frames = random.between(1, FRAMES_MAX);
  for (let count = 0; count < frames; count += 1) {
    // most frames are right, so that the connection lives on to see the wrong ones
    parts.push(random.chance(0.8) ? random.pick(FRAMES.seeds) : makeInput(FRAMES, random));
  }
  await exchange(port, Buffer.concat(parts), random);
  return frames;
}

function exchange(port: number, bytes: Buffer, random: SeededRandom): Promise<void> {
  // addresses of their own, so that the ports of closed connections do not run out
  const localAddress = `127.0.${random.below(200)}.${random.between(1, 250)}`;
  const socket = connect({ port, host: '127.0.0.1', localAddress, noDelay: true });
  return new Promise((resolve) => {
    const timer = setTimeout(() => socket.destroy(), WAIT_MS_MAX);
    socket.on('error', () => {}); // resets are expected
    socket.on('close', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.on('data', () => {});
    socket.on('connect', () => send(socket, bytes, random));
  });
}

/** All at once or in pieces; then it waits for the end, or does not. */
function send(socket: Socket, bytes: Buffer, random: SeededRandom): void {
  const chunks = random.chance(0.7) ? [bytes] : chopped(bytes, random).slice(0, 500);
  for (const chunk of chunks) socket.write(chunk);
  if (random.chance(0.15)) socket.resetAndDestroy();
  else socket.end();
}
