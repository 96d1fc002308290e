/**
 * How bodies are read: JSON, and bytes as they are. A type of its own is what keeps pages of other
 * origins from sending anything without being asked (CORS), so nothing else is taken.
 */

import type { IncomingMessage } from 'node:http';
import type { HttpApp } from './http-app.ts';
import { HttpError } from './http-error.ts';
import { parseInSlices } from './json/sliced-json.ts';

const UNSUPPORTED_MEDIA_TYPE = 415;

type Done = (error: Error | null, body?: unknown) => void;

/**
 * Bodies are bytes here, so that none is decoded twice.
 * @param itemsMax of JSON, asked afresh each time
 */
export function addBodyParsers(app: HttpApp, itemsMax: () => number): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    (_request: unknown, body: Buffer) => parseInSlices(body, itemsMax()),
  );
  const raw = (_request: unknown, body: Buffer, done: Done): void => done(null, body);
  app.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, raw);
  app.addContentTypeParser(/^text\//, { parseAs: 'buffer' }, raw);
  app.addContentTypeParser(
    '*',
    { parseAs: 'buffer' },
    (request: { raw: IncomingMessage }, body: Buffer, done: Done) => {
      const type = request.raw.headers['content-type'];
      // `curl -T` sends none
      if (type === undefined) done(null, body);
      else done(unsupported(type));
    },
  );
  app.addHook('preValidation', (request, _reply, next) => {
    const { config, schema } = request.routeOptions;
    const isMistyped = Buffer.isBuffer(request.body) && config.takesBytes !== true;
    if (isMistyped && schema?.body !== undefined) next(unsupported(undefined));
    else next();
  });
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Its body may be bytes of any kind. */
    takesBytes?: boolean;
  }
}

/** Says what to do: `curl -d` sends forms unless it is told otherwise. */
export function unsupported(type: string | undefined): HttpError {
  const given = type === undefined ? 'a body that is not JSON' : 'a body of this type';
  const what =
    type === undefined
      ? 'application/json'
      : 'application/json, or bytes as application/octet-stream';
  const message = `${given} is not taken; send ${what}`;
  return new HttpError(UNSUPPORTED_MEDIA_TYPE, 'BAD_REQUEST', message);
}
