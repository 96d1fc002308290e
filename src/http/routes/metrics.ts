import { acceptedFormat } from '../accepted-format.ts';
import type { HttpApp } from '../http-app.ts';
import type { HttpContext } from '../http-context.ts';
import { MetricRegistry } from '../metrics/metric-registry.ts';
import type { ScrapeFacts } from '../metrics/scrape-facts.ts';

/** GET /metrics: for Prometheus, in its text format or, if that is asked for, OpenMetrics. */
export function addMetrics(app: HttpApp, context: HttpContext): void {
  const registry = new MetricRegistry(() => gather(context));
  app.get('/metrics', { config: { role: 'read' } }, async (request, reply) => {
    const format = acceptedFormat(request.headers.accept);
    const text = await registry.write(format);
    return reply.type(registry.contentType(format)).header('vary', 'accept').send(text);
  });
}

/** Copies of counters; nothing here looks at keys or files. */
function gather({ sources, counters, settings, served }: HttpContext): ScrapeFacts {
  const { version, host, logLines } = sources;
  return {
    version,
    readiness: sources.readiness(),
    host: host.figures(),
    collections: host.collections.byKind,
    logLines,
    http: counters,
    httpMaxConnections: settings.maxConnections,
    served:
      served === undefined
        ? undefined
        : {
            store: served.store.stats(),
            durations: served.store.durations,
            server: served.server.stats(),
            authentication: served.server.authenticator?.stats(),
            limits: served.server.limitFigures(),
            latencies: served.server.latencies.histograms(),
          },
  };
}
