import { totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  delay,
  type JobMessage,
  type JobPort,
  nextTurn,
} from '../../../src/storage/disk/environment.ts';
import { systemErrorCode } from '../../../src/storage/disk/file-system.ts';
import { WorkerJobHost } from '../../../src/storage/disk/job-ports.ts';
import {
  createNodeEnvironment,
  grantedMemoryBytes,
} from '../../../src/storage/disk/node-environment.ts';

const environment = createNodeEnvironment();
const host = new WorkerJobHost(new URL('./fixtures/echo-job.ts', import.meta.url));

/** Messages of a port, one promise each. */
function inbox(port: JobPort): () => Promise<JobMessage> {
  const messages: JobMessage[] = [];
  let wake: (() => void) | undefined;
  port.onMessage((message) => {
    messages.push(message);
    wake?.();
  });
  return async () => {
    while (messages.length === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return messages.shift() as JobMessage;
  };
}

describe('the real world', () => {
  it('has clocks, randomness and memory', () => {
    const { clock, random } = environment;
    expect(Math.abs(clock.wallMs() - Date.now())).toBeLessThan(1000);
    const before = clock.monotonicMs();
    expect(clock.monotonicMs()).toBeGreaterThanOrEqual(before);
    expect(random.bytes(16).length).toBe(16);
    expect(random.bytes(16)).not.toEqual(random.bytes(16));
    expect(grantedMemoryBytes()).toBeGreaterThan(64 * 1024 * 1024);
    expect(grantedMemoryBytes()).toBeLessThanOrEqual(totalmem());
  });

  it('runs tasks at the end of the turn, and later unless they are called off', async () => {
    const { scheduler } = environment;
    const order: string[] = [];
    const turn = nextTurn(scheduler).then(() => order.push('end of turn'));
    await Promise.resolve().then(() => order.push('microtask'));
    await turn;
    const cancelled = scheduler.after(5, () => order.push('never'));
    cancelled.cancel();
    await Promise.all([delay(scheduler, 20).then(() => order.push('later')), sleep(50)]);
    expect(order).toEqual(['microtask', 'end of turn', 'later']);
  });
});

describe('jobs in worker threads', () => {
  it('get their input, answer, and end well', async () => {
    const job = host.start('merge', { bytes: Uint8Array.of(1, 2) });
    await sleep(50); // the first message is here before there is a listener
    const next = inbox(job.port);
    expect(await next()).toEqual({ name: 'merge', input: { bytes: Uint8Array.of(1, 2) } });
    job.port.post({ question: 1 });
    expect(await next()).toEqual({ echo: { question: 1 } });
    job.port.post({ end: 'well' });
    await expect(job.done).resolves.toBeUndefined();
  });

  it('share memory with the engine', async () => {
    const memory = new SharedArrayBuffer(8);
    const job = host.start('build-hint', { memory });
    const next = inbox(job.port);
    const first = (await next()) as { input: { memory: SharedArrayBuffer } };
    new Uint8Array(first.input.memory)[3] = 9;
    expect(new Uint8Array(memory)[3]).toBe(9);
    await job.terminate();
  });

  it('that throw are reported with what they threw', async () => {
    const job = host.start('merge', {});
    job.port.post({ end: 'throw' });
    await expect(job.done).rejects.toMatchObject({
      name: 'CaskError',
      code: 'CORRUPT',
      message: 'the merge job failed: a bad byte',
    });
    const other = host.start('merge', {});
    other.port.post({ end: 'fail' });
    const failure: unknown = await other.done.catch((thrown: unknown) => thrown);
    expect(failure).toMatchObject({ code: 'INTERNAL' });
    expect(systemErrorCode((failure as Error).cause)).toBe('ENOENT');
  });

  it('that end with another code are reported', async () => {
    const job = host.start('merge', {});
    job.port.post({ end: 'exit' });
    await expect(job.done).rejects.toThrowError(/ended with code 3/);
  });

  it('can be terminated, unheard', async () => {
    const job = host.start('merge', {});
    await job.terminate(); // before it began: exit code 0
    await expect(job.done).rejects.toMatchObject({ code: 'CANCELLED' });
    const unheard = host.start('merge', {});
    await inbox(unheard.port)(); // it is running
    await unheard.terminate();
    await sleep(10);
    await unheard.terminate();
    await expect(unheard.done).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});
