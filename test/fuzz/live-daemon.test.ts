/**
 * A real daemon under streams of fuzzed frames on real sockets, while another client works
 * undisturbed. FUZZ_FRAMES, or FUZZ_INPUTS, says how many frames (a million in the
 * long run).
 */

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { DaemonProcess } from '../e2e/daemon-process.ts';
import { randomOf } from './fuzz-job.ts';
import { beHostile } from './hostile-client.ts';
import { SteadyClient } from './steady-client.ts';

const FRAMES = Number(process.env['FUZZ_FRAMES'] ?? process.env['FUZZ_INPUTS'] ?? 100_000);
const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000);
const CONNECTIONS = 12;
/** Above what the daemon has at its start: heap, buffers of sockets, and what was stored. */
const GROWTH_MIB_MAX = 256;
/** The steady client's longest wait for an answer or two. */
const SLOWEST_MS_MAX = 2000;
const SCRIPT = fileURLToPath(new URL('../../bin/caskd.js', import.meta.url));

async function residentMib(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
  return Number(kib) / 1024;
}

async function sendFrames(port: number): Promise<{ frames: number; connections: number }> {
  let frames = 0;
  let connections = 0;
  const worker = async () => {
    while (frames < FRAMES) {
      connections += 1;
      const sent = await beHostile(port, randomOf(SEED, connections));
      frames += sent;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  return { frames, connections };
}

test(
  `${FRAMES} fuzzed frames disturb nobody`,
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'caskd-fuzz-'));
    const flags = ['--data', directory, '--listen', '127.0.0.1:0', '--durability', 'os'];
    const limits = ['--segment-bytes', '16m', '--cache-bytes', '4m'];
    const daemon = new DaemonProcess([...flags, ...limits], { script: SCRIPT });
    try {
      const port = await daemon.port();
      const steady = await SteadyClient.start(port);
      const { pid } = daemon.child;
      const atStart = await residentMib(pid);
      let most = atStart;
      const timer = setInterval(() => {
        residentMib(pid).then(
          (mib) => {
            most = Math.max(most, mib);
          },
          () => {},
        );
      }, 50);
      const sent = await sendFrames(port);
      clearInterval(timer);
      await steady.stop();
      const figures = { ...sent, answers: steady.answers, slowestMs: Math.round(steady.slowestMs) };
      const resident = { startMib: Math.round(atStart), mostMib: Math.round(most) };
      console.log(`seed ${SEED}: ${JSON.stringify({ ...figures, ...resident })}`);
      expect(steady.answers).toBeGreaterThan(20);
      expect(steady.slowestMs).toBeLessThan(SLOWEST_MS_MAX);
      expect(most - atStart).toBeLessThan(GROWTH_MIB_MAX);
      daemon.kill('SIGTERM');
      expect(await daemon.exited).toEqual({ code: 0, signal: null });
      const complaints = daemon.lines.filter(({ level }) => level === 'error' || level === 'fatal');
      expect(complaints).toEqual([]);
    } finally {
      daemon.kill('SIGKILL');
      await daemon.exited;
      await rm(directory, { recursive: true });
    }
  },
  60_000 + FRAMES,
);
