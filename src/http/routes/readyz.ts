import { Type } from 'typebox';
import type { HttpApp } from '../http-app.ts';
import type { HttpContext } from '../http-context.ts';

const SENTENCES = Type.Array(Type.String());
const READINESS = Type.Object({
  ready: Type.Boolean(),
  reasons: SENTENCES,
  warnings: SENTENCES,
});

const NOT_READY = 503;

/** GET /readyz: should clients be sent here? 200, or 503 and the reasons why not. */
export function addReadyz(app: HttpApp, { sources }: HttpContext): void {
  const config = { role: 'anyone' } as const;
  const schema = { response: { 200: READINESS, 503: READINESS } };
  app.get('/readyz', { config, schema }, (_, reply) => {
    const readiness = sources.readiness();
    if (!readiness.ready) reply.code(NOT_READY);
    return reply.send(readiness);
  });
}
