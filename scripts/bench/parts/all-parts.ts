/** The parts, in the order in which they stand in docs/benchmarks.md. */

import type { BenchPart } from '../part.ts';
import { cold } from './cold.ts';
import { embedded } from './embedded.ts';
import { http } from './http.ts';
import { memory } from './memory.ts';
import { merge } from './merge.ts';
import { network } from './network.ts';
import { quick } from './quick.ts';
import { range } from './range.ts';
import { requirements } from './requirements.ts';
import { restart } from './restart.ts';
import { scale } from './scale.ts';
import { stream } from './stream.ts';
import { ycsb } from './ycsb.ts';

export const PARTS: readonly BenchPart[] = [
  quick,
  requirements,
  network,
  range,
  memory,
  restart,
  cold,
  merge,
  embedded,
  scale,
  ycsb,
  stream,
  http,
];
