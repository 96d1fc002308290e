/**
 * Requests for keys and values that are under way: how many there may be, what their bodies may
 * take of memory together, and when they are too late. One timer looks after all of them.
 */

import type { FastifyReply, FastifyRequest } from 'fastify';
import { CaskError } from '../errors/cask-error.ts';
import { limitError } from '../errors/limit-error.ts';
import { newPatience, type Patience } from '../storage/patience.ts';
import type { HttpApp } from './http-app.ts';
import type { HttpContext } from './http-context.ts';
import { HttpError } from './http-error.ts';
import type { HttpSettings } from './http-limits.ts';

/** Of bodies that are not counted: every request may have one. */
const SMALL_BODY_BYTES = 64 * 1024;
const GATEWAY_TIMEOUT = 504;
/** The timeouts are looked at so many times within one. */
const LOOKS = 8;
const LOOK_MS_MAX = 1000;

declare module 'fastify' {
  interface FastifyRequest {
    /** Of requests for keys and values. */
    flight: Flight | null;
  }
  interface FastifyContextConfig {
    /** The request is carried out in any case: late, nobody knows what became of it. */
    isWrite?: boolean;
  }
}

export interface Flight {
  readonly reply: FastifyReply;
  readonly isWrite: boolean;
  /** At its end nobody waits any more. */
  readonly patience: Patience;
  readonly bodyBytes: number;
  /** When all of the request was there. */
  sinceMs: number;
}

type FlightContext = Pick<HttpContext, 'counters' | 'served'> & {
  readonly settings: Pick<HttpSettings, 'maxInFlight' | 'timeoutMs' | 'maxBodyBytes'>;
};

/** Those of one listener. */
export class Flights {
  readonly #all = new Set<Flight>();
  readonly #context: FlightContext;
  #isDraining = false;
  #onEmpty: () => void = () => {};

  constructor(context: FlightContext) {
    this.#context = context;
  }

  /** Watches the routes whose reach is the session. */
  watch(app: HttpApp): void {
    const { timeoutMs } = this.#context.settings;
    app.decorateRequest('flight', null);
    app.addHook('onRequest', (request, reply, next) => {
      const isWatched = request.routeOptions.config.reach === 'session';
      next(isWatched ? this.#enter(request, reply) : undefined);
    });
    app.addHook('preHandler', (request, _reply, next) => {
      if (request.flight !== null) request.flight.sinceMs = performance.now();
      next();
    });
    const lookMs = Math.min(LOOK_MS_MAX, Math.ceil(timeoutMs / LOOKS));
    const timer = setInterval(() => endLate(this.#all, timeoutMs), lookMs);
    timer.unref();
    app.addHook('onClose', (_app, done) => {
      clearInterval(timer);
      done();
    });
  }

  /** Nothing stands in the way of one more. */
  get hasRoom(): boolean {
    return !this.#isDraining && this.#all.size < this.#context.settings.maxInFlight;
  }

  /** Lets nothing more begin, and resolves when all is answered, or the grace is over. */
  async drain(graceMs: number): Promise<void> {
    this.#isDraining = true;
    if (this.#all.size === 0) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
      timer = setTimeout(resolve, graceMs);
    });
    clearTimeout(timer);
  }

  #enter(request: FastifyRequest, reply: FastifyReply): CaskError | undefined {
    const { counters, settings } = this.#context;
    const bodyBytes = countedBytes(request, settings);
    const problem = this.#refusal() ?? enterBody(bodyBytes, this.#context);
    if (problem !== undefined) return problem;
    const patience = newPatience();
    const isWrite = request.routeOptions.config.isWrite === true;
    const sinceMs = Number.POSITIVE_INFINITY;
    const flight: Flight = { reply, isWrite, patience, bodyBytes, sinceMs };
    request.flight = flight;
    this.#all.add(flight);
    counters.inFlight = this.#all.size;
    reply.raw.once('close', () => this.#leave(flight));
    return undefined;
  }

  #refusal(): CaskError | undefined {
    const { maxInFlight } = this.#context.settings;
    if (this.hasRoom) return undefined;
    if (this.#isDraining) return new CaskError('SHUTTING_DOWN', 'the server is stopping');
    const message = `${maxInFlight} requests are under way already`;
    return limitError('BUSY', message, 'httpMaxInFlight', maxInFlight);
  }

  #leave(flight: Flight): void {
    flight.patience.over = true;
    this.#all.delete(flight);
    this.#context.counters.inFlight = this.#all.size;
    leaveBody(flight.bodyBytes, this.#context);
    if (this.#all.size === 0) this.#onEmpty();
  }
}

function endLate(flights: ReadonlySet<Flight>, timeoutMs: number): void {
  const dueMs = performance.now() - timeoutMs;
  for (const { sinceMs, reply, patience, isWrite } of flights) {
    // an answer that has begun is watched by its connection
    if (sinceMs > dueMs || reply.sent || reply.raw.headersSent) continue;
    patience.over = true;
    void reply.send(lateError(isWrite && patience.sequenced, isWrite, timeoutMs));
  }
}

function lateError(isSequenced: boolean, isWrite: boolean, timeoutMs: number): CaskError {
  const late = `it was not done within ${timeoutMs} ms (httpTimeoutMs)`;
  if (!isWrite) return new CaskError('TIMEOUT', late, { retryable: true });
  const fate = isSequenced ? 'and will most likely be' : 'and may still be';
  const message = `${late}, ${fate}; read the key, or write with a condition`;
  return new HttpError(GATEWAY_TIMEOUT, 'OUTCOME_UNKNOWN', message);
}

/** What the body of a request takes of the memory for requests; 0: too little to count. */
function countedBytes({ headers }: FastifyRequest, settings: FlightContext['settings']): number {
  const length = headers['content-length'];
  if (length === undefined) {
    return headers['transfer-encoding'] === undefined ? 0 : settings.maxBodyBytes;
  }
  const bytes = Number(length);
  return bytes > SMALL_BODY_BYTES ? Math.min(bytes, settings.maxBodyBytes) : 0;
}

/** Shares `maxRequestBytes` with the wire protocol; a single body has room whatever its size. */
function enterBody(bytes: number, { served }: FlightContext): CaskError | undefined {
  if (bytes === 0 || served === undefined) return undefined;
  const { load, limits } = served.server;
  const taken = load.requestBytes.current;
  if (taken > 0 && taken + bytes > limits.maxRequestBytes) {
    const message = 'the requests that are under way take all the memory there is for them';
    return limitError('BUSY', message, 'maxRequestBytes', limits.maxRequestBytes);
  }
  load.requestBytes.add(bytes);
  return undefined;
}

function leaveBody(bytes: number, { served }: FlightContext): void {
  if (bytes === 0 || served === undefined) return;
  served.server.load.requestBytes.add(-bytes);
  served.server.frames.admitWaiting();
}
