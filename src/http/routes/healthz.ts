import { Type } from 'typebox';
import type { HttpApp } from '../http-app.ts';

const ALIVE = Type.Object({ alive: Type.Literal(true) });

/**
 * GET /healthz: 200 as long as the process can answer. Loading, draining or a full disk are no
 * reason to kill it; for those there is /readyz.
 */
export function addHealthz(app: HttpApp): void {
  const config = { role: 'anyone' } as const;
  app.get('/healthz', { config, schema: { response: { 200: ALIVE } } }, () => ({ alive: true }));
}
