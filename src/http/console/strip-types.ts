/**
 * TypeScript as JavaScript, for a daemon that runs from its sources. In a thread of its own: what
 * strips takes a tenth of a second to start, and Node says of it that it may change.
 */

import { Worker } from 'node:worker_threads';

/** @returns what each file holds, without types */
export async function stripTypes(files: readonly URL[]): Promise<readonly string[]> {
  const worker = new Worker(new URL('./strip-types-worker.ts', import.meta.url), {
    workerData: files.map(({ href }) => href),
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  try {
    return await new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', () => reject(new Error('nothing came of stripping types')));
    });
  } finally {
    await worker.terminate();
  }
}
