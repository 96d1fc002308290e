/** All routes. */

import type { HttpApp } from '../http-app.ts';
import type { HttpContext } from '../http-context.ts';
import { addConsole } from './console.ts';
import { addHealthz } from './healthz.ts';
import { addMetrics } from './metrics.ts';
import { addReadyz } from './readyz.ts';
import { addSession } from './session.ts';
import { addStats } from './stats.ts';

type AddRoute = (app: HttpApp, context: HttpContext) => void;

export const ROUTES: readonly AddRoute[] = [
  addHealthz,
  addReadyz,
  addMetrics,
  addStats,
  addSession,
  addConsole,
];
