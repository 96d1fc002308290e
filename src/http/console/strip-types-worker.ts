/** The thread of `stripTypes`. */

import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';

const files = workerData as readonly string[];
parentPort?.postMessage(
  files.map((file) => stripTypeScriptTypes(readFileSync(new URL(file), 'utf8'))),
);
