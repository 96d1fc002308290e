/** `http`: reading an entry over HTTP, beside the same answer of a bare fastify. */

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ChildDaemon } from '../../child-daemon.ts';
import { cpuMsOf } from '../../process-figures.ts';
import type { BenchContext, BenchPart } from '../part.ts';

const HELLO = fileURLToPath(new URL('../load/hello-server.ts', import.meta.url));
const LOAD = fileURLToPath(new URL('../load/http-load.ts', import.meta.url));
const CONNECTIONS = 32;
const VALUE = 'v'.repeat(100);
const GOAL = { atLeast: 0.8 } as const;

export const http: BenchPart = {
  name: 'http',
  summary: 'reading an entry over HTTP, beside a bare fastify',
  defaults: { rounds: 5, seconds: 1.5, keys: 1 },
  isPublished: true,

  async run({ program, directory, rounds, seconds, results }: BenchContext) {
    const flags = ['--data', join(directory, 'data'), '--http', '127.0.0.1:0'];
    const daemon = await ChildDaemon.start(flags, program);
    const hello = spawn(process.execPath, [HELLO], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const [url] = (await once(hello.stdout, 'data')) as [Buffer];
      const address = daemon.httpUrl;
      const headers = { 'content-type': 'text/plain' };
      await fetch(`${address}/v1/kv/key`, { method: 'PUT', headers, body: VALUE });
      const measureMs = seconds * 1000;
      // in turns, so that what else the machine does falls on both; the first warms up
      for (let round = 0; round <= rounds; round += 1) {
        const bare = await measure(String(url).trim(), '/hello', measureMs, () =>
          cpuMsOf(hello.pid ?? 0),
        );
        const read = await measure(address, '/v1/kv/key', measureMs, () => daemon.cpuMs());
        if (round === 0) continue;
        const row = { table: `${CONNECTIONS} connections, one by one`, case: 'GET' };
        for (const [subject, { rate, micros }] of [
          ['bare fastify', bare],
          ['caskd, /v1/kv/{key}', read],
        ] as const) {
          results.sample({ ...row, subject }, 'rate', 'k/s', rate / 1000);
          results.sample({ ...row, subject }, 'CPU', 'us', micros);
        }
        results.figure('GET over HTTP vs a bare fastify', 'x', read.rate / bare.rate, GOAL);
        results.figure('the same, by processor time', 'x', bare.micros / read.micros, GOAL);
      }
    } finally {
      hello.kill('SIGTERM');
      await daemon.kill();
    }
  },
};

interface Measured {
  /** Requests per second. */
  readonly rate: number;
  /** Processor time of the server for one: steady where the machine does other things, too. */
  readonly micros: number;
}

async function measure(
  url: string,
  path: string,
  measureMs: number,
  cpuMs: () => Promise<number>,
): Promise<Measured> {
  const { port } = new URL(url);
  const args = [LOAD, port, path, String(CONNECTIONS), String(measureMs)];
  const beforeMs = await cpuMs();
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const usedMs = (await cpuMs()) - beforeMs;
  const [rate = 0, all = 1] = stdout.split(' ').map(Number);
  return { rate, micros: (usedMs * 1000) / all };
}
