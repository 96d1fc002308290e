/** DELETE /v1/kv: the keys of a range, as a job. */

import { OP_DELETE_RANGE } from '../../protocol/op-codes.ts';
import { checkDeleteRange } from '../../vocabulary/range-arguments.ts';
import type { HttpApp } from '../http-app.ts';
import { type HttpContext, servedOf, storeFrontOf } from '../http-context.ts';
import { RANGE_MEMBERS, type RangeBounds, rangeOf } from '../kv/range-query.ts';
import { JOB_SCHEMA } from '../schema/admin-schema.ts';
import { flag, objectOf } from '../schema/json-schema.ts';
import { responses } from '../schema/responses.ts';
import { startedJob } from '../started-job.ts';

interface Query extends RangeBounds {
  readonly all?: boolean;
}

export function addKvDeleteRange(app: HttpApp, context: HttpContext): void {
  app.delete<{ Querystring: Query }>(
    '/v1/kv',
    {
      config: { role: 'write', reach: 'session', op: OP_DELETE_RANGE, isWrite: true },
      schema: {
        tags: ['keys and values'],
        summary: 'Delete a range of keys, as a job',
        description: 'Location is the job. To delete every key there is, say `all=true`.',
        querystring: objectOf(
          { ...RANGE_MEMBERS, all: flag('Every key there is.') },
          ...['start', 'end', 'prefix', 'all'],
        ),
        response: responses({ 202: JOB_SCHEMA }, ...[401, 403, 413, 415, 429, 503, 504, 507]),
      },
    },
    async ({ query, account }, reply) => {
      const range = { ...rangeOf(query), all: query.all };
      checkDeleteRange(range);
      const { jobs } = servedOf(context).store;
      const session = storeFrontOf(context).writes(account);
      const job = await startedJob(jobs, 'delete-range', () => session.deleteRange(range));
      context.jobOwners.note(job.id, account);
      return reply.code(202).header('location', `/v1/jobs/${job.id}`).send(job);
    },
  );
}
