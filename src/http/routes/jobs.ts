/**
 * /v1/jobs: long work, what runs and what ran. Administrators see and stop all of it; others what
 * they began here themselves.
 */

import { OP_JOBS } from '../../protocol/op-codes.ts';
import { type Account, rankOf } from '../../security/index.ts';
import type { JobStatus } from '../../vocabulary/job-status.ts';
import type { HttpApp } from '../http-app.ts';
import { type HttpContext, servedOf } from '../http-context.ts';
import { notFound } from '../http-error.ts';
import { JOB_SCHEMA, JOBS_SCHEMA } from '../schema/admin-schema.ts';
import { objectOf } from '../schema/json-schema.ts';
import { responses } from '../schema/responses.ts';

const config = { role: 'write', reach: 'session', op: OP_JOBS } as const;
const tags = ['long work'];
const params = objectOf({ id: { type: 'string', pattern: '^[1-9][0-9]{0,14}$' } });

export function addJobs(app: HttpApp, context: HttpContext): void {
  const mayKnow = (account: Account, { id }: JobStatus): boolean => {
    const isAdmin = account.rank >= rankOf('admin') && account.prefixes === undefined;
    return isAdmin || context.jobOwners.owns(account, id);
  };
  const find = (account: Account, id: string): JobStatus => {
    const job = servedOf(context).store.jobs.status(Number(id));
    if (job !== undefined && mayKnow(account, job)) return job;
    throw notFound(`there is no job ${id}, or it ended too long ago`);
  };

  app.get(
    '/v1/jobs',
    {
      config,
      schema: {
        tags,
        summary: 'What runs, and the last that ran',
        response: responses({ 200: JOBS_SCHEMA }, 401, 403, 429, 503, 504),
      },
    },
    ({ account }) => ({
      jobs: servedOf(context)
        .store.jobs.list()
        .filter((job) => mayKnow(account, job)),
    }),
  );

  app.get<{ Params: { id: string } }>(
    '/v1/jobs/:id',
    {
      config,
      schema: {
        tags,
        summary: 'How far a job is',
        params,
        response: responses({ 200: JOB_SCHEMA }, 401, 403, 404, 429, 503, 504),
      },
    },
    ({ account, params: { id } }) => find(account, id),
  );

  app.delete<{ Params: { id: string } }>(
    '/v1/jobs/:id',
    {
      config,
      schema: {
        tags,
        summary: 'Stop a job',
        description: 'It stops when it next looks; one that has ended is answered as it is.',
        params,
        response: responses({ 202: JOB_SCHEMA, 200: JOB_SCHEMA }, 401, 403, 404, 429, 503, 504),
      },
    },
    ({ account, params: { id } }, reply) => {
      const { jobs } = servedOf(context).store;
      find(account, id);
      const isRunning = jobs.cancel(Number(id));
      return reply.code(isRunning ? 202 : 200).send(find(account, id));
    },
  );
}
