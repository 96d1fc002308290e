/** What becomes of errors: fastify's, ours, and those of bytes that are no HTTP. */

import type { Socket } from 'node:net';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { CaskError, toCaskError } from '../errors/cask-error.ts';
import type { StoreLogger } from '../storage/store-options.ts';
import type { HttpApp } from './http-app.ts';
import { HttpError } from './http-error.ts';
import { PROBLEM_CONTENT_TYPE, type Problem, problemOf } from './problem.ts';

/** What a client is told to wait before it tries a retryable request again. */
const RETRY_AFTER_SECONDS = 1;
const TOO_MANY_REQUESTS = 429;
const UNAVAILABLE = 503;
const NOT_FOUND = 404;
const METHOD_NOT_ALLOWED = 405;
const SERVER_ERROR = 500;

/** Told of each error that is answered. */
export type ErrorCounter = (error: CaskError) => void;

/** @param methodsOf the methods that a path has, none for a path that there is not */
export function handleErrors(
  app: HttpApp,
  log: StoreLogger,
  countError: ErrorCounter,
  methodsOf: (path: string) => readonly string[],
): void {
  app.setErrorHandler<FastifyError | CaskError>((thrown, request, reply) => {
    const [error, status] = errorOfThrown(thrown);
    countError(error);
    const problem = problemOf(error, status);
    if (problem.code === 'INTERNAL') {
      const { url: route = '' } = request.routeOptions;
      log('error', 'http-request-failed', { route, error: problem.detail });
    }
    return sendProblem(reply, problem);
  });
  app.setNotFoundHandler((request, reply) => {
    const methods = methodsOf(pathOf(request));
    // a route may say itself that there is no such thing
    if (methods.length === 0 || methods.includes(request.method)) {
      const error = new CaskError('UNKNOWN_OPERATION', 'there is nothing at this path');
      return sendProblem(reply, problemOf(error, NOT_FOUND));
    }
    const allowed = methods.join(', ');
    const error = new CaskError('UNKNOWN_OPERATION', `this path has ${allowed} only`);
    reply.header('allow', allowed);
    return sendProblem(reply, problemOf(error, METHOD_NOT_ALLOWED));
  });
}

function pathOf({ url }: FastifyRequest): string {
  return url.split('?', 1)[0] as string;
}

/** A CaskError as it is; one of fastify with its status, if the client is to blame. */
function errorOfThrown(thrown: FastifyError | CaskError): [CaskError, number?] {
  if (thrown instanceof HttpError) return [thrown, thrown.status];
  if (thrown instanceof CaskError) return [thrown];
  const { statusCode = SERVER_ERROR, code, message } = thrown;
  if (statusCode >= SERVER_ERROR) return [toCaskError(thrown)];
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return [new CaskError('LIMIT_EXCEEDED', 'the body is too large'), statusCode];
  }
  return [new CaskError('BAD_REQUEST', message), statusCode];
}

export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  const { status, retryable } = problem;
  if (retryable && (status === UNAVAILABLE || status === TOO_MANY_REQUESTS)) {
    reply.header('retry-after', retryAfterSeconds(problem));
  }
  // as bytes: no schema of a route is for problems
  return reply
    .code(status)
    .type(PROBLEM_CONTENT_TYPE)
    .send(Buffer.from(JSON.stringify(problem)));
}

/** What the error says, where it knows. */
function retryAfterSeconds({ details }: Problem): number {
  const ms = details?.['retryAfterMs'];
  return typeof ms === 'number' ? Math.ceil(ms / 1000) : RETRY_AFTER_SECONDS;
}

/** The answer to what is no HTTP, or too slow or too long to be read: said, then closed. */
export function refuseBytes(error: Error & { readonly code?: string }, socket: Socket): void {
  if (socket.destroyed || !socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, reason, problem] = refusalOf(error.code);
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${status} ${reason}`,
    `content-type: ${PROBLEM_CONTENT_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function refusalOf(code: string | undefined): [number, string, Problem] {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    const error = new CaskError('TIMEOUT', 'the request did not come to its end in time');
    return [408, 'Request Timeout', problemOf(error, 408)];
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    const error = new CaskError('LIMIT_EXCEEDED', 'the headers are too long');
    return [431, 'Request Header Fields Too Large', problemOf(error, 431)];
  }
  return [400, 'Bad Request', problemOf(new CaskError('BAD_REQUEST', 'this is not HTTP'))];
}
