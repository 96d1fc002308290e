import { acceptedFormat } from '../accepted-format.ts';
import type { HttpApp } from '../http-app.ts';
import type { HttpContext } from '../http-context.ts';
import { MetricRegistry } from '../metrics/metric-registry.ts';
import type { ScrapeFacts } from '../metrics/scrape-facts.ts';
import { text } from '../schema/json-schema.ts';
import { responses } from '../schema/responses.ts';

/** GET /metrics: for Prometheus, in its text format or, if that is asked for, OpenMetrics. */
export function addMetrics(app: HttpApp, context: HttpContext): void {
  const registry = new MetricRegistry(() => gather(context));
  const schema = {
    tags: ['insight'],
    summary: 'Everything that is counted, for Prometheus',
    response: responses(
      {
        200: {
          description: 'Text, or OpenMetrics.',
          content: {
            'text/plain': { schema: text('Version 0.0.4.') },
            'application/openmetrics-text': { schema: text('Version 1.0.0.') },
          },
        },
      },
      ...[401, 403, 429, 503],
    ),
  };
  app.get('/metrics', { config: { role: 'read' }, schema }, async (request, reply) => {
    const format = acceptedFormat(request.headers.accept);
    const written = await registry.write(format);
    return reply.type(registry.contentType(format)).header('vary', 'accept').send(written);
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
