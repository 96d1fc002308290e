/** The HTTP listener: keys and values, administration, health, metrics. */

export type { HttpSecurity } from './http-app.ts';
export type { HttpSources, ObservedStore, Served } from './http-context.ts';
export { HTTP_DEFAULTS, type HttpSettings } from './http-limits.ts';
export { type HttpServer, openHttp } from './http-server.ts';
export type { Readiness } from './readiness.ts';
