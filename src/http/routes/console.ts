import type { FastifyReply, FastifyRequest } from 'fastify';
import { ConsoleFiles } from '../console/console-files.ts';
import type { HttpApp } from '../http-app.ts';

const NOT_MODIFIED = 304;

/** Scripts, styles and figures come from here alone; nothing within the page is run. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

const HEADERS = {
  'cache-control': 'no-cache',
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
} as const;

/**
 * GET / and what that page needs: the console. The files tell nothing of the store, so anyone may
 * have them; what the page shows it asks for as the user who is signed in.
 */
export function addConsole(app: HttpApp): void {
  const files = new ConsoleFiles();
  const config = { role: 'anyone' } as const;
  app.get('/', { config }, (request, reply) => send('index.html', request, reply));
  app.get<{ Params: { file: string } }>('/console/:file', { config }, (request, reply) =>
    send(request.params.file, request, reply),
  );

  async function send(name: string, { headers }: FastifyRequest, reply: FastifyReply) {
    const file = await files.find(name);
    if (file === undefined) {
      reply.callNotFound();
      return reply;
    }
    reply.headers(HEADERS).header('etag', file.etag);
    if (isKnown(headers['if-none-match'], file.etag)) return reply.code(NOT_MODIFIED).send();
    return reply.type(file.type).send(file.body);
  }
}

/** What the browser has is what there is (RFC 9110, 13.1.2). */
function isKnown(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((one) => one.trim().replace(/^W\//, '') === etag);
}
