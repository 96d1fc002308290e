/** Metrics of readiness and of the HTTP listener itself. */

import { durationBy } from './duration-metric.ts';
import { counter, gauge, type MetricDefinition } from './metric-definition.ts';

export const HTTP_METRICS: readonly MetricDefinition[] = [
  gauge(
    'caskd_ready',
    '1 when clients should be sent here; /readyz says why not.',
    ({ readiness }) => readiness.ready,
  ),
  gauge('caskd_http_connections', 'Open connections of HTTP.', ({ http }) => http.connectionsOpen),
  counter(
    'caskd_http_connections_accepted_total',
    'Connections of HTTP accepted.',
    ({ http }) => http.connectionsAccepted,
  ),
  counter(
    'caskd_http_connections_rejected_total',
    'Connections of HTTP closed at once: there were too many.',
    ({ http }) => http.connectionsRejected,
  ),
  gauge(
    'caskd_http_requests_in_flight',
    'Requests for keys and values over HTTP without an answer.',
    ({ http }) => http.inFlight,
  ),
  {
    name: 'caskd_http_requests_total',
    type: 'counter',
    help: 'Requests over HTTP that were answered.',
    labels: ['route', 'status'],
    samples: ({ http }) =>
      http.requests.map(({ route, status, requests }) => ({
        value: requests,
        labels: { route, status: String(status) },
      })),
  },
  durationBy(
    'route',
    'caskd_http_request_duration_seconds',
    'Time to answer a request over HTTP.',
    ({ http }) => http.durations,
  ),
];
