import { OP_STATS } from '../../protocol/op-codes.ts';
import { allFacts } from '../../server/index.ts';
import type { HttpApp } from '../http-app.ts';
import { type HttpContext, servedOf } from '../http-context.ts';
import { FACTS_SCHEMA } from '../schema/admin-schema.ts';
import { responses } from '../schema/responses.ts';

/** GET /v1/stats: the facts of the operation STATS, as JSON. */
export function addStats(app: HttpApp, context: HttpContext): void {
  app.get(
    '/v1/stats',
    {
      config: { role: 'read', op: OP_STATS },
      schema: {
        tags: ['insight'],
        summary: 'Everything that is counted',
        response: responses({ 200: FACTS_SCHEMA }, 401, 403, 429, 503),
      },
    },
    () => allFacts(servedOf(context).server),
  );
}
