/** Measures one store in a process of its own. */

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { StoreName } from './stores.ts';

const WORKER = fileURLToPath(new URL('./embedded-worker.ts', import.meta.url));

export interface StoreJob {
  readonly name: StoreName;
  readonly directory: string;
  readonly keys: number;
  readonly seconds: number;
}

export interface StoreFigures {
  /** For one operation each, by what was done. */
  readonly micros: Readonly<Record<string, number>>;
  readonly residentBytes: number;
}

export async function measureStore(job: StoreJob): Promise<StoreFigures> {
  const args = [WORKER, JSON.stringify(job)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as StoreFigures;
}
