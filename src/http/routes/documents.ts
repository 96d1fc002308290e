/** /openapi.json and /docs/: what there is, for programs and for people. */

import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HttpApp } from '../http-app.ts';
import type { DocumentApp } from '../openapi/document-app.ts';

const config = { role: 'anyone' } as const;

/** @param open makes the instance that has them; called once */
export function addDocuments(app: HttpApp, open: () => Promise<DocumentApp>): void {
  let opened: Promise<DocumentApp> | undefined;
  let written: string | undefined;
  const documents = (): Promise<DocumentApp> => {
    opened ??= open();
    return opened;
  };

  app.get('/openapi.json', { config }, async (_request, reply) => {
    written ??= JSON.stringify((await documents()).write());
    return reply.type('application/json; charset=utf-8').send(written);
  });

  const pass = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { raw } = request;
    const pages = await documents();
    reply.hijack();
    for (const [name, value] of Object.entries(reply.getHeaders())) {
      if (value !== undefined) reply.raw.setHeader(name, value);
    }
    pages.answer(raw, reply.raw);
  };
  app.get('/docs', { config }, (_request, reply) => reply.redirect('/docs/', 308));
  app.get('/docs/*', { config }, pass);

  app.addHook('onClose', async () => {
    if (opened !== undefined) await (await opened).close();
  });
}
