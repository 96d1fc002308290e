/**
 * How bodies are read: JSON, and bytes as they are. A type of its own is what keeps pages of other
 * origins from sending anything without being asked (CORS), so nothing else is taken.
 */

import type { IncomingMessage } from 'node:http';
import { parseExactly } from './exact-json.ts';
import type { HttpApp } from './http-app.ts';
import { HttpError } from './http-error.ts';

const UNSUPPORTED_MEDIA_TYPE = 415;

type Done = (error: Error | null, body?: unknown) => void;

/** Bodies are bytes here, so that none is decoded twice. */
export function addBodyParsers(app: HttpApp): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    (_request: unknown, body: Buffer, done: Done) => {
      try {
        done(null, parseExactly(body.toString('utf8')));
      } catch (thrown) {
        done(thrown as Error);
      }
    },
  );
  const raw = (_request: unknown, body: Buffer, done: Done): void => done(null, body);
  app.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, raw);
  app.addContentTypeParser(/^text\//, { parseAs: 'buffer' }, raw);
  app.addContentTypeParser('*', (request: { raw: IncomingMessage }, _: unknown, done: Done) => {
    done(unsupported(request.raw.headers['content-type']));
  });
}

/** Says what to do: `curl -d` sends forms unless it is told otherwise. */
export function unsupported(type: string | undefined): HttpError {
  const given = type === undefined ? 'a body without a type' : 'a body of this type';
  const message = `${given} is not taken; send application/json, or bytes as application/octet-stream`;
  return new HttpError(UNSUPPORTED_MEDIA_TYPE, 'BAD_REQUEST', message);
}
