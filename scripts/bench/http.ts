/** `http`: reading an entry over HTTP, beside the same answer of a bare fastify. */

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ChildDaemon, cpuMsOf } from '../child-daemon.ts';
import { Figures } from './figures.ts';
import type { BenchContext, BenchPart } from './part.ts';

const HELLO = fileURLToPath(new URL('./hello-server.ts', import.meta.url));
const LOAD = fileURLToPath(new URL('./http-load.ts', import.meta.url));
const CONNECTIONS = 32;
const MEASURE_MS = 1500;
const VALUE = 'v'.repeat(100);

export const http: BenchPart = {
  name: 'http',
  summary: 'reading an entry over HTTP, beside a bare fastify',

  async run({ program, directory, rounds }: BenchContext) {
    const flags = ['--data', join(directory, 'data'), '--http', '127.0.0.1:0'];
    const daemon = await ChildDaemon.start(flags, program);
    const hello = spawn(process.execPath, [HELLO], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const [url] = (await once(hello.stdout, 'data')) as [Buffer];
      const address = daemon.httpUrl;
      const headers = { 'content-type': 'text/plain' };
      await fetch(`${address}/v1/kv/key`, { method: 'PUT', headers, body: VALUE });
      const figures = new Figures();
      // in turns, so that what else the machine does falls on both
      for (let round = 0; round < rounds; round += 1) {
        const bare = await measure(String(url).trim(), '/hello', () => cpuMsOf(hello.pid));
        const read = await measure(address, '/v1/kv/key', () => daemon.cpuMs());
        figures.add(`bare fastify, ${CONNECTIONS} connections`, 'k/s', bare.rate / 1000);
        figures.add('GET /v1/kv/{key}', 'k/s', read.rate / 1000);
        figures.add('  of the bare one', '', read.rate / bare.rate, { atLeast: 0.8 });
        figures.add('  processor time, bare', 'us', bare.micros);
        figures.add('  processor time, GET', 'us', read.micros);
        figures.add('  of the bare one, by processor time', '', bare.micros / read.micros);
      }
      console.log(`${figures}`);
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

async function measure(url: string, path: string, cpuMs: () => Promise<number>): Promise<Measured> {
  const { port } = new URL(url);
  const args = [LOAD, port, path, String(CONNECTIONS), String(MEASURE_MS)];
  const beforeMs = await cpuMs();
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const usedMs = (await cpuMs()) - beforeMs;
  const [rate = 0, all = 1] = stdout.split(' ').map(Number);
  return { rate, micros: (usedMs * 1000) / all };
}
