import type { HttpApp } from '../http-app.ts';
import type { HttpContext } from '../http-context.ts';
import { arrayOf, flag, objectOf, text } from '../schema/json-schema.ts';
import { responses } from '../schema/responses.ts';

const READINESS = objectOf({
  ready: flag('Clients should be sent here.'),
  reasons: arrayOf(text('Why not: `<state>: <sentence>`.')),
  warnings: arrayOf(text('What is wrong all the same.')),
});

const NOT_READY = 503;

/** GET /readyz: should clients be sent here? 200, or 503 and the reasons why not. */
export function addReadyz(app: HttpApp, { sources }: HttpContext): void {
  const config = { role: 'anyone' } as const;
  const response = responses({ 200: READINESS, 503: READINESS });
  const schema = { tags: ['probes'], summary: 'Should clients be sent here?', response };
  app.get('/readyz', { config, schema }, (_, reply) => {
    const readiness = sources.readiness();
    if (!readiness.ready) reply.code(NOT_READY);
    return reply.send(readiness);
  });
}
