/** The HTTP listener: health, metrics, statistics. */

export type { HttpSecurity } from './http-app.ts';
export type { HttpSources, ObservedStore, Served } from './http-context.ts';
export { type HttpServer, openHttp } from './http-server.ts';
export type { Readiness } from './readiness.ts';
