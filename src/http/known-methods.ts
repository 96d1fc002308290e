/** Which methods a path has, for the answer to those that it has not. */

import type { HttpApp } from './http-app.ts';

interface KnownRoute {
  readonly pattern: RegExp;
  readonly methods: string[];
}

/** Watches routes as they are added. @returns the methods of a path; none: there is no such path */
export function knownMethods(app: HttpApp): (path: string) => readonly string[] {
  const routes = new Map<string, KnownRoute>();
  app.addHook('onRoute', ({ url, method }) => {
    const route = routes.get(url) ?? { pattern: patternOf(url), methods: [] };
    route.methods.push(...[method].flat());
    routes.set(url, route);
  });
  return (path) =>
    [...routes.values()].flatMap(({ pattern, methods }) => (pattern.test(path) ? methods : []));
}

/** Of a path as the router takes it: `:name` is a part, `::` a colon, `*` anything. */
function patternOf(url: string): RegExp {
  const source = url.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/::|:\w+|\*/g, (token) => {
    if (token === '::') return ':';
    return token === '*' ? '.*' : '[^/]+';
  });
  return new RegExp(`^${source}$`);
}
