import type { HttpApp } from '../http-app.ts';
import { objectOf } from '../schema/json-schema.ts';
import { responses } from '../schema/responses.ts';

const ALIVE = objectOf({ alive: { type: 'boolean', const: true } });

/**
 * GET /healthz: 200 as long as the process can answer. Loading, draining or a full disk are no
 * reason to kill it; for those there is /readyz.
 */
export function addHealthz(app: HttpApp): void {
  const config = { role: 'anyone' } as const;
  const schema = { tags: ['probes'], summary: 'Is it alive?', response: responses({ 200: ALIVE }) };
  app.get('/healthz', { config, schema }, () => ({ alive: true }));
}
