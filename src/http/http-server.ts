/**
 * The HTTP listener. It is there before the store is, so that probes are answered while it loads,
 * and goes last, so that they are answered while the rest is drained.
 */

import type { AddressInfo } from 'node:net';
import type { StoreLogger } from '../storage/store-options.ts';
import { BrowserSessions } from './access/browser-sessions.ts';
import type { CallerSources } from './access/caller.ts';
import { createHttpApp, type HttpApp, type HttpSecurity } from './http-app.ts';
import type { HttpContext, HttpSources, Served } from './http-context.ts';
import { HttpCounters } from './http-counters.ts';
import { HTTP_DEFAULTS, type HttpSettings } from './http-limits.ts';
import { Flights } from './in-flight.ts';
import { JobOwners } from './job-owners.ts';
import { StoreFront } from './kv/store-front.ts';
import { addDocuments } from './routes/documents.ts';
import { ROUTES } from './routes/route-table.ts';

export interface HttpOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly settings?: Partial<HttpSettings>;
  readonly sources: HttpSources;
  readonly security: HttpSecurity;
  readonly log: StoreLogger;
}

/**
 * Listens.
 * @throws the system's error (EADDRINUSE, EACCES, EADDRNOTAVAIL, ...)
 */
export async function openHttp(options: HttpOptions): Promise<HttpServer> {
  const server = new HttpServer(options);
  await server.open(options.host, options.port);
  return server;
}

export class HttpServer implements HttpContext {
  readonly sources: HttpSources;
  readonly counters = new HttpCounters();
  readonly settings: HttpSettings;
  readonly access: CallerSources;
  readonly jobOwners = new JobOwners();
  served: Served | undefined;
  front: StoreFront | undefined;
  readonly #flights: Flights;
  readonly #app: HttpApp;
  #closed: Promise<void> | undefined;

  constructor({ sources, settings, security, log }: HttpOptions) {
    const { authenticator, tls } = security;
    this.sources = sources;
    this.settings = { ...HTTP_DEFAULTS, ...settings };
    this.access = { authenticator, sessions: new BrowserSessions(), isTls: tls !== undefined };
    this.#flights = new Flights(this);
    this.#app = createHttpApp(this, this.#flights, tls, log);
    const addRoutes = (app: HttpApp): void => {
      for (const add of ROUTES) add(app, this);
    };
    addRoutes(this.#app);
    addDocuments(this.#app, async () => {
      const { createDocumentApp } = await import('./openapi/document-app.ts');
      return createDocumentApp(addRoutes, this);
    });
  }

  /** Starts to listen; `openHttp()` does it. */
  async open(host: string, port: number): Promise<void> {
    await this.#app.listen({ host, port });
  }

  /** Where it listens. */
  get address(): { readonly host: string; readonly port: number } {
    const { address, port } = this.#app.server.address() as AddressInfo;
    return { host: address, port };
  }

  /** The daemon serves: from here on there are figures. */
  serving(served: Served): void {
    this.front = new StoreFront(served.store);
    this.served = served;
  }

  /**
   * Refuses further requests for keys and values, and resolves when those under way are answered,
   * or the grace is over; before the store is closed.
   */
  drain(graceMs: number): Promise<void> {
    return this.#flights.drain(graceMs);
  }

  /** Stops accepting and answers what was asked; after the grace, closes whatever is open. */
  close(graceMs: number): Promise<void> {
    this.#closed ??= this.#close(graceMs);
    return this.#closed;
  }

  async #close(graceMs: number): Promise<void> {
    const late = setTimeout(() => this.#app.server.closeAllConnections(), graceMs);
    try {
      await this.#app.close();
    } finally {
      clearTimeout(late);
    }
  }
}
