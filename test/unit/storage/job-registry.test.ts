import { describe, expect, test } from 'vitest';
import { CaskError } from '../../../src/errors/cask-error.ts';
import type { JobControl } from '../../../src/storage/jobs/job.ts';
import { JOB_HISTORY_MAX, JobRegistry } from '../../../src/storage/jobs/job-registry.ts';
import { FakeClock } from '../disk/fake-clock.ts';

/** Work that goes on until the test ends it. */
class HeldWork {
  job: JobControl | undefined;
  readonly #end = Promise.withResolvers<object>();

  readonly run = (job: JobControl): Promise<object> => {
    this.job = job;
    job.signal.addEventListener('abort', () => this.#end.reject(job.signal.reason));
    return this.#end.promise;
  };

  finish(result: object): void {
    this.#end.resolve(result);
  }

  fail(error: Error): void {
    this.#end.reject(error);
  }
}

function start(jobs: JobRegistry, signal?: AbortSignal): { work: HeldWork; done: Promise<object> } {
  const work = new HeldWork();
  const done = jobs.run({ kind: 'dig', unit: 'holes', total: 10, signal }, work.run);
  done.catch(() => {});
  return { work, done };
}

describe('a job', () => {
  test('is listed with its progress while it runs, and with its result after', async () => {
    const clock = new FakeClock();
    const jobs = new JobRegistry(clock, 4);
    const { work, done } = start(jobs);
    work.job?.progress(3);
    clock.pass(20);
    const running = { id: 1, kind: 'dig', state: 'running', unit: 'holes', done: 3, total: 10 };
    const startedAt = 1_700_000_000_000;
    expect(jobs.listRunning()).toMatchObject([{ ...running, startedAt, ms: 20 }]);
    work.job?.progress(12, 12);
    work.finish({ holes: 12 });
    expect(await done).toEqual({ holes: 12 });
    clock.pass(1000);
    expect(jobs.listRunning()).toEqual([]);
    const ended = { state: 'done', done: 12, total: 12, ms: 20, result: { holes: 12 } };
    expect(jobs.list()).toMatchObject([ended]);
    expect(jobs.status(1)).toMatchObject(ended);
    expect(jobs.status(2)).toBeUndefined();
  });

  test('keeps what it failed of', async () => {
    const jobs = new JobRegistry(new FakeClock(), 4);
    const { work, done } = start(jobs);
    work.fail(new CaskError('NO_SPACE', 'no room for a hole'));
    await expect(done).rejects.toMatchObject({ code: 'NO_SPACE' });
    const error = { code: 'NO_SPACE', message: 'no room for a hole' };
    expect(jobs.status(1)).toMatchObject({ state: 'failed', error });
  });

  test('tells its listener of progress', async () => {
    const jobs = new JobRegistry(new FakeClock(), 4);
    const told: unknown[] = [];
    const onProgress = (...now: unknown[]): void => void told.push(now);
    await jobs.run({ kind: 'dig', unit: 'holes', onProgress }, async (job) => {
      job.progress(1);
      job.progress(2, 5);
      job.progress(3);
      return {};
    });
    expect(told).toEqual([
      [1, undefined],
      [2, 5],
      [3, 5],
    ]);
  });
});

describe('cancelling', () => {
  test('by id', async () => {
    const jobs = new JobRegistry(new FakeClock(), 4);
    const { done } = start(jobs);
    expect(jobs.cancel(1)).toBe(true);
    expect(jobs.status(1)?.state).toBe('cancelling');
    await expect(done).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(jobs.status(1)?.state).toBe('cancelled');
    expect(jobs.cancel(1)).toBe(false);
    expect(jobs.cancel(7)).toBe(false);
  });

  test('by a signal', async () => {
    const jobs = new JobRegistry(new FakeClock(), 4);
    const controller = new AbortController();
    const { done } = start(jobs, controller.signal);
    controller.abort();
    await expect(done).rejects.toMatchObject({ code: 'CANCELLED' });
    const late = start(jobs, controller.signal);
    await expect(late.done).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(late.work.job).toBeUndefined();
  });

  test('does not undo work that finishes all the same', async () => {
    const jobs = new JobRegistry(new FakeClock(), 4);
    const end = Promise.withResolvers<object>();
    const done = jobs.run({ kind: 'dig', unit: 'holes' }, () => end.promise);
    jobs.cancel(1);
    end.resolve({ holes: 1 });
    expect(await done).toEqual({ holes: 1 });
    expect(jobs.status(1)?.state).toBe('done');
  });
});

describe('the bounds', () => {
  test('one job too many is BUSY, until one ends', async () => {
    const jobs = new JobRegistry(new FakeClock(), 2);
    const [first] = [start(jobs), start(jobs)];
    const details = { limitName: 'maxJobs', limit: 2 };
    const refused = start(jobs).done;
    await expect(refused).rejects.toMatchObject({ code: 'BUSY', retryable: true, details });
    expect([jobs.running, jobs.runningHigh, jobs.refused]).toEqual([2, 2, 1]);
    first.work.finish({});
    await first.done;
    expect(start(jobs).work.job?.id).toBe(3);
    jobs.stopAll(new CaskError('CLOSED', 'the test is over'));
  });

  test('the last jobs that ended are kept, those that run always', async () => {
    const jobs = new JobRegistry(new FakeClock(), 4);
    const { work } = start(jobs);
    for (let count = 0; count < JOB_HISTORY_MAX + 10; count += 1) {
      await jobs.run({ kind: 'dig', unit: 'holes' }, () => Promise.resolve({}));
    }
    const ids = jobs.list().map(({ id }) => id);
    expect(ids).toHaveLength(JOB_HISTORY_MAX + 1);
    expect(ids.slice(0, 2)).toEqual([1, JOB_HISTORY_MAX + 11]);
    expect(jobs.status(2)).toBeUndefined();
    work.finish({});
  });

  test('closing stops what runs, waits for it, and takes no more', async () => {
    const jobs = new JobRegistry(new FakeClock(), 4);
    const jobsEnd = [start(jobs).done, start(jobs).done];
    await jobs.close(new CaskError('CLOSED', 'the store is closed'));
    expect(jobs.running).toBe(0);
    for (const end of jobsEnd) await expect(end).rejects.toMatchObject({ code: 'CLOSED' });
    expect(jobs.status(1)?.state).toBe('failed');
    await expect(start(jobs).done).rejects.toMatchObject({ code: 'CLOSED' });
    await jobs.close(new CaskError('CLOSED', 'the store is closed'));
  });
});
