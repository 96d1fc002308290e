/** All routes. */

import type { HttpApp } from '../http-app.ts';
import type { HttpContext } from '../http-context.ts';
import { addAdmin } from './admin.ts';
import { addConsole } from './console.ts';
import { addHealthz } from './healthz.ts';
import { addInsight } from './insight.ts';
import { addJobs } from './jobs.ts';
import { addKvBatch } from './kv-batch.ts';
import { addKvDeleteRange } from './kv-delete-range.ts';
import { addKvEntry } from './kv-entry.ts';
import { addKvRange } from './kv-range.ts';
import { addMetrics } from './metrics.ts';
import { addReadyz } from './readyz.ts';
import { addSession } from './session.ts';
import { addStats } from './stats.ts';

type AddRoute = (app: HttpApp, context: HttpContext) => void;

export const ROUTES: readonly AddRoute[] = [
  addKvEntry,
  addKvRange,
  addKvBatch,
  addKvDeleteRange,
  addJobs,
  addInsight,
  addStats,
  addAdmin,
  addSession,
  addHealthz,
  addReadyz,
  addMetrics,
  addConsole,
];
