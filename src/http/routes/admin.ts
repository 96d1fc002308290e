/** /v1/admin/merge, /v1/admin/backup: work on the store as a whole. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { OP_BACKUP, OP_MERGE } from '../../protocol/op-codes.ts';
import { placeForBackup } from '../../server/index.ts';
import type { BackupRequest } from '../../vocabulary/backup.ts';
import type { HttpApp } from '../http-app.ts';
import { type HttpContext, servedOf } from '../http-context.ts';
import {
  BACKUP_REQUEST_SCHEMA,
  FACTS_SCHEMA,
  JOB_SCHEMA,
  MERGE_ACTION_SCHEMA,
} from '../schema/admin-schema.ts';
import { responses } from '../schema/responses.ts';
import { startedJob } from '../started-job.ts';

const tags = ['administration'];

export function addAdmin(app: HttpApp, context: HttpContext): void {
  addMerge(app, context);
  addBackup(app, context);
}

function addMerge(app: HttpApp, context: HttpContext): void {
  const config = { role: 'admin', op: OP_MERGE } as const;

  app.get(
    '/v1/admin/merge',
    {
      config,
      schema: {
        tags,
        summary: 'How far the merge is',
        response: responses({ 200: FACTS_SCHEMA }, 401, 403, 429, 503),
      },
    },
    () => servedOf(context).store.mergeStatus(),
  );

  app.post<{ Body: { action: 'run' | 'pause' | 'resume' } }>(
    '/v1/admin/merge',
    {
      config,
      schema: {
        tags,
        summary: 'Merge all that has something to give back; or pause merging, or resume it',
        description: 'Answers as soon as it has begun.',
        body: MERGE_ACTION_SCHEMA,
        response: responses(
          { 200: FACTS_SCHEMA, 202: FACTS_SCHEMA },
          ...[401, 403, 409, 413, 415, 422, 429, 503, 507],
        ),
      },
    },
    async ({ body: { action } }, reply) => {
      const { store } = servedOf(context);
      if (action === 'pause') store.pauseMerge();
      if (action === 'resume') store.resumeMerge();
      if (action !== 'run') return store.mergeStatus();
      const work = store.merge();
      // what becomes of it later stands in the log and in the status
      work.catch(() => {});
      await Promise.race([work, nextTurn()]);
      return reply.code(202).send(store.mergeStatus());
    },
  );
}

function addBackup(app: HttpApp, context: HttpContext): void {
  app.post<{ Body: BackupRequest }>(
    '/v1/admin/backup',
    {
      config: { role: 'admin', op: OP_BACKUP },
      schema: {
        tags,
        summary: 'Take a backup, as a job',
        description: 'Location is the job; its result says where the backup is.',
        body: BACKUP_REQUEST_SCHEMA,
        response: responses(
          { 202: JOB_SCHEMA },
          ...[401, 403, 409, 413, 415, 422, 429, 501, 503, 507],
        ),
      },
    },
    async ({ body }, reply) => {
      const { store, server } = servedOf(context);
      const directory = placeForBackup(body.directory, server.backupDirectory);
      const options = { ...body, directory, caskdVersion: context.sources.version };
      const job = await startedJob(store.jobs, 'backup', () => store.backup(options));
      return reply.code(202).header('location', `/v1/jobs/${job.id}`).send(job);
    },
  );
}
