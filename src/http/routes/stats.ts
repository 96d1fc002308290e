import { CaskError } from '../../errors/cask-error.ts';
import { allFacts } from '../../server/index.ts';
import type { HttpApp } from '../http-app.ts';
import type { HttpContext } from '../http-context.ts';

/** GET /v1/stats: the facts of the operation STATS, as JSON. */
export function addStats(app: HttpApp, context: HttpContext): void {
  app.get('/v1/stats', { config: { role: 'read' } }, () => {
    const { served } = context;
    if (served !== undefined) return allFacts(served.server);
    throw new CaskError('LOADING', 'the store is being opened; there are no figures yet');
  });
}
