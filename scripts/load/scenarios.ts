/** The bad clients, one after the other. */

import { setTimeout as delay } from 'node:timers/promises';
import { encodePreamble } from '../../src/protocol/preamble.ts';
import { encodeGet, encodePut, encodeRange } from '../../src/protocol/request-writer.ts';
import { CONDITION_NONE, TTL_NONE } from '../../src/vocabulary/write-arguments.ts';
import { SeededRandom } from '../torture/seeded-random.ts';
import { closeAll, openMany } from './connecting.ts';
import { errorsOf, framesOf, Peer } from './peer.ts';
import { expect, type Scenario, type Stage, scaled } from './scenario.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
/** Under these the daemon is set up for the scenarios: see `daemon-flags.ts`. */
const LARGE_KEYS = 64;
const LARGE_BYTES = 64 * KIB;
const HOLD_MS = 3000;
/** In which what was asked for is answered, or refused. */
const SETTLE_MS_MAX = 120_000;

const largeKey = (index: number): Buffer => Buffer.from(`large/${index % LARGE_KEYS}`);

/** Values that the readers below ask for. */
export async function fill(port: number): Promise<void> {
  const peer = await Peer.greet(port);
  const value = Buffer.alloc(LARGE_BYTES, 'v');
  for (let index = 0; index < LARGE_KEYS; index += 1) {
    const put = framesOf((out) =>
      encodePut(out, index + 2, largeKey(index), value, CONDITION_NONE, TTL_NONE),
    );
    await peer.send(put);
  }
  await peer.replied(LARGE_KEYS);
  expect(peer.errors.size === 0, `filling failed: ${errorsOf([peer])}`);
  await closeAll([peer]);
}

function gets(from: number, count: number): Buffer {
  return framesOf((out) => {
    for (let index = 0; index < count; index += 1) encodeGet(out, from + index, largeKey(index));
  });
}

const idle: Scenario = {
  name: 'idle connections',
  async run(stage: Stage) {
    const before = await stage.residentBytes();
    const peers = await openMany(scaled(stage, 10_000), () => Peer.greet(stage.port));
    await delay(HOLD_MS * Math.min(1, stage.scale * 10));
    const open = peers.filter(({ closed }) => !closed).length;
    const each = ((await stage.residentBytes()) - before) / peers.length;
    await closeAll(peers);
    expect(open === peers.length, `${peers.length - open} of ${peers.length} were closed`);
    return `${open} held, ${(each / KIB).toFixed(1)} KiB each`;
  },
};

/** They ask for much and take in a little now and then. */
const slowReaders: Scenario = {
  name: 'slow readers',
  async run(stage: Stage) {
    const peers = await openMany(scaled(stage, 1000), () => Peer.greet(stage.port));
    for (const { socket } of peers) socket.pause();
    await Promise.all(peers.map((peer) => peer.send(gets(2, 40))));
    for (let round = 0; round < 8; round += 1) {
      for (const { socket } of peers) {
        socket.resume();
        setImmediate(() => socket.pause());
      }
      // the last of them pause before all go on
      await delay(200);
    }
    for (const { socket } of peers) socket.resume();
    await Promise.race([Promise.all(peers.map((peer) => peer.replied(40))), delay(SETTLE_MS_MAX)]);
    const answers = peers.reduce((sum, { replies }) => sum + replies, 0);
    const report = `${answers} of ${peers.length * 40} answers of 64 KiB read, ${errorsOf(peers)}`;
    const stuck = peers.filter(({ replies, errors }) => replies < 40 && errors.size === 0);
    await closeAll(peers);
    expect(stuck.length === 0, `${report}, and ${stuck.length} readers were told nothing`);
    return report;
  },
};

const neverReads: Scenario = {
  name: 'sends and never reads',
  async run(stage: Stage) {
    const peer = await Peer.greet(stage.port);
    peer.socket.pause();
    const request = gets(2, 64);
    const startedMs = performance.now();
    const deadline = startedMs + 20_000 * Math.max(stage.scale, 0.1);
    while (!peer.closed && performance.now() < deadline) {
      await Promise.race([peer.send(request), delay(500)]);
      // it goes on sending now and then whatever waits
      if (peer.socket.writableNeedDrain) await Promise.race([delay(100), peer.whenClosed]);
    }
    const held = peer.closed ? 'closed by the server' : 'held back';
    const seconds = (performance.now() - startedMs) / 1000;
    await closeAll([peer]);
    return `${held} after ${seconds.toFixed(1)} s of asking for 64 KiB again and again`;
  },
};

const flood: Scenario = {
  name: 'pipelined requests on one connection',
  async run(stage: Stage) {
    const peer = await Peer.greet(stage.port);
    const count = scaled(stage, 1_000_000);
    const key = Buffer.from('probe/1');
    const startedMs = performance.now();
    for (let sent = 0; sent < count; ) {
      const batch = Math.min(5000, count - sent);
      const first = sent + 2;
      await peer.send(
        framesOf((out) => {
          for (let index = 0; index < batch; index += 1) encodeGet(out, first + index, key);
        }),
      );
      sent += batch;
    }
    await peer.replied(count);
    const seconds = (performance.now() - startedMs) / 1000;
    const { replies } = peer;
    await closeAll([peer]);
    expect(replies === count && peer.errors.size === 0, `${replies} answers, ${errorsOf([peer])}`);
    return `${count} answered, ${Math.round(count / seconds)}/s`;
  },
};

/** They end their side, or vanish, with answers under way. */
const halfOpen: Scenario = {
  name: 'half-open peers',
  async run(stage: Stage) {
    const peers = await openMany(scaled(stage, 1000), () => Peer.greet(stage.port));
    const page = framesOf((out) =>
      encodeRange(out, 2, { limit: 100, prefix: Buffer.from('large/') }),
    );
    await Promise.all(peers.map((peer) => peer.send(page)));
    for (const [index, { socket }] of peers.entries()) {
      if (index % 2 === 0) socket.end();
      else socket.pause();
    }
    await delay(500);
    for (const [index, { socket }] of peers.entries()) {
      if (index % 2 === 1) socket.resetAndDestroy();
    }
    const ended = peers.filter((_, index) => index % 2 === 0);
    await Promise.race([Promise.all(ended.map(({ whenClosed }) => whenClosed)), delay(30_000)]);
    const closed = ended.filter(({ closed }) => closed).length;
    await closeAll(peers);
    expect(closed === ended.length, `${ended.length - closed} ended and were not closed`);
    return `${ended.length} ended their side and were closed, ${peers.length - closed} were cut off`;
  },
};

const garbage: Scenario = {
  name: 'garbage',
  async run(stage: Stage) {
    const random = new SeededRandom(1);
    const chunk = Buffer.alloc(64 * KIB);
    const wanted = scaled(stage, 100 * MIB);
    let sent = 0;
    let connections = 0;
    while (sent < wanted) {
      random.fill(chunk);
      const peer = await Peer.connect(stage.port);
      peer.socket.resume();
      connections += 1;
      // half of it behind a right preamble, so that it reaches the frames
      if (connections % 2 === 0) await peer.send(encodePreamble());
      for (let part = 0; part < 16 && !peer.closed && sent < wanted; part += 1) {
        await peer.send(chunk);
        sent += chunk.length;
      }
      await closeAll([peer]);
    }
    return `${Math.round(sent / MIB)} MiB over ${connections} connections`;
  },
};

/** Frames that never end, a byte at a time. */
const slowloris: Scenario = {
  name: 'slowloris',
  async run(stage: Stage) {
    const peers = await openMany(scaled(stage, 400), () => Peer.connect(stage.port));
    for (const { socket } of peers) socket.resume();
    const start = Buffer.concat([encodePreamble(), Buffer.from([0, 0, 1, 0, 0])]);
    await Promise.all(peers.map((peer) => peer.send(start)));
    const startedMs = performance.now();
    while (peers.some(({ closed }) => !closed) && performance.now() - startedMs < 30_000) {
      for (const peer of peers) if (!peer.closed) peer.socket.write(Buffer.from([0]));
      await delay(250);
    }
    const left = peers.filter(({ closed }) => !closed).length;
    const seconds = (performance.now() - startedMs) / 1000;
    await closeAll(peers);
    expect(left === 0, `${left} of ${peers.length} are still connected after ${seconds} s`);
    return `${peers.length} closed within ${seconds.toFixed(1)} s`;
  },
};

export const SCENARIOS: readonly Scenario[] = [
  idle,
  slowReaders,
  neverReads,
  flood,
  halfOpen,
  garbage,
  slowloris,
];
