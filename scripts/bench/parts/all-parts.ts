/** The parts, in the order in which they stand in docs/benchmarks.md. */

import type { BenchPart } from '../part.ts';
import { http } from './http.ts';
import { network } from './network.ts';
import { quick } from './quick.ts';

export const PARTS: readonly BenchPart[] = [quick, network, http];
