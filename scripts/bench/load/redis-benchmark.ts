/** Runs `redis-benchmark` against a server that speaks RESP, and reads what it prints. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { RowFigures } from '../report/load-row.ts';

export interface RedisBenchmarkJob {
  readonly command: 'SET' | 'GET';
  readonly connections: number;
  readonly pipeline: number;
  readonly requests: number;
  readonly keys: number;
  readonly valueBytes: number;
}

export interface RedisBenchmarkFigures {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
}

/** A server that speaks RESP, and tells what it costs. */
export interface RespServer {
  readonly port: number;
  cpuMs(): Promise<number>;
}

const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;

/** @throws when it fails, or finds an error in a reply */
export async function loadByRedisBenchmark(
  server: RespServer,
  job: RedisBenchmarkJob,
): Promise<RowFigures> {
  const beforeMs = await server.cpuMs();
  const { requestsPerSecond, ...latency } = await runRedisBenchmark(server.port, job);
  const serverMicros = (((await server.cpuMs()) - beforeMs) * 1000) / job.requests;
  return { requestsPerSecond, serverMicros, latency };
}

async function runRedisBenchmark(
  port: number,
  job: RedisBenchmarkJob,
): Promise<RedisBenchmarkFigures> {
  const flags = {
    '-t': job.command.toLowerCase(),
    '-c': job.connections,
    '-P': job.pipeline,
    '-n': job.requests,
    '-r': job.keys,
    '-d': job.valueBytes,
  };
  const args = Object.entries(flags).flatMap(([flag, value]) => [flag, String(value)]);
  const { stdout } = await promisify(execFile)(
    'redis-benchmark',
    ['-h', '127.0.0.1', '-p', String(port), '-e', ...args],
    { maxBuffer: OUTPUT_BYTES_MAX },
  );
  return parseRedisBenchmark(stdout);
}

/** @throws when the summary is not there */
export function parseRedisBenchmark(text: string): RedisBenchmarkFigures {
  const [, rate] = /throughput summary: ([\d.]+) requests per second/.exec(text) ?? [];
  const summary = /avg\s+min\s+p50\s+p95\s+p99\s+max\s+([\d. ]+)/.exec(text)?.[1];
  const [, , p50, , p99, max] = summary?.trim().split(/\s+/).map(Number) ?? [];
  if (rate === undefined || p50 === undefined || p99 === undefined || max === undefined) {
    throw new Error(`redis-benchmark printed no summary:\n${text.slice(-1000)}`);
  }
  const steps = [...text.matchAll(/^([\d.]+)% <= ([\d.]+) milliseconds \(cumulative/gm)];
  const above = steps.find(([, percent]) => Number(percent) >= 99.9);
  const p999Ms = above === undefined ? max : Number(above[2]);
  return { requestsPerSecond: Number(rate), p50Ms: p50, p99Ms: p99, p999Ms };
}
