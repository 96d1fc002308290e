/**
 * The OpenAPI document and the page that shows it. Both come from a second instance that has the
 * same routes and never listens: it is made when someone first asks, and costs a start nothing.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { fastify } from 'fastify';
import type { HttpApp } from '../http-app.ts';
import type { HttpContext } from '../http-context.ts';
import { compileSerializer, compileValidator } from '../schema/validation.ts';

const DESCRIPTION = `Keys and values are bytes; a key in a path is percent-encoded. A value is given and taken as it
is, or as JSON. Errors are problem details (RFC 9457) with a stable \`code\`.`;

const TAGS = [
  { name: 'keys and values', description: 'Entries, ranges, batches.' },
  { name: 'long work', description: 'Jobs: what takes longer than a request.' },
  { name: 'insight', description: 'What the daemon tells of itself.' },
  { name: 'administration', description: 'Merges and backups.' },
  { name: 'session', description: 'Logging in, for pages in a browser.' },
  { name: 'probes', description: 'For whoever keeps it running.' },
];

const SECURITY = {
  basic: { type: 'http', scheme: 'basic' },
  session: { type: 'apiKey', in: 'cookie', name: 'caskd_session' },
} as const;

/** Styles only are written within the page by its scripts; nothing comes from elsewhere. */
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
  "img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/** What the listener passes on to it. */
export interface DocumentApp {
  /** The OpenAPI document. */
  write(): object;
  /** Answers a request for a page. */
  answer(request: IncomingMessage, response: ServerResponse): void;
  close(): Promise<void>;
}

export async function createDocumentApp(
  addRoutes: (app: HttpApp) => void,
  { sources }: Pick<HttpContext, 'sources'>,
): Promise<DocumentApp> {
  const app: HttpApp = fastify({ logger: false });
  app.setValidatorCompiler(compileValidator as Parameters<HttpApp['setValidatorCompiler']>[0]);
  app.setSerializerCompiler(compileSerializer);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'caskd',
        version: sources.version,
        description: DESCRIPTION,
        license: { name: 'MIT', identifier: 'MIT' },
      },
      // relative: whatever name the listener is reached by
      servers: [{ url: '/' }],
      tags: TAGS,
      components: { securitySchemes: SECURITY },
    },
    hideUntagged: true,
    exposeHeadRoutes: true,
  });
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: CSP });
  app.addHook('onRoute', (route) => {
    const role = route.config?.role;
    if (route.schema === undefined || role === undefined) return;
    // it is described here, and served elsewhere
    route.handler = (_request, reply) => reply.code(404).send();
    if (role === 'anyone') return;
    Object.assign(route.schema, { security: [{ basic: [] }, { session: [] }] });
  });
  addRoutes(app);
  await app.ready();
  return {
    write: () => app.swagger(),
    answer: (request, response) => app.routing(request, response),
    close: async () => app.close(),
  };
}
