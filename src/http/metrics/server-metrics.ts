/** Metrics of the TCP listener: connections, requests, errors, bytes. */

import { ERROR_CODES } from '../../errors/error-codes.ts';
import type { ServerStats } from '../../server/index.ts';
import { durationBy } from './duration-metric.ts';
import { counter, counterBy, gauge, type MetricDefinition } from './metric-definition.ts';
import type { ScrapeFacts } from './scrape-facts.ts';

type Row = readonly [name: string, help: string, pick: (server: ServerStats) => number];

const COUNTERS: readonly Row[] = [
  [
    'caskd_connections_accepted_total',
    'Connections accepted.',
    ({ connectionsAccepted }) => connectionsAccepted,
  ],
  [
    'caskd_connections_rejected_total',
    'Connections refused: there were too many.',
    ({ connectionsRejected }) => connectionsRejected,
  ],
  [
    'caskd_connections_killed_total',
    'Connections closed by an operator.',
    ({ connectionsKilled }) => connectionsKilled,
  ],
  [
    'caskd_output_limit_disconnects_total',
    'Connections closed because their replies were not read.',
    ({ slowConsumers }) => slowConsumers,
  ],
  [
    'caskd_truncated_streams_total',
    'Connections that ended within a frame.',
    ({ truncatedStreams }) => truncatedStreams,
  ],
  ['caskd_received_bytes_total', 'Bytes received from clients.', ({ bytesIn }) => bytesIn],
  ['caskd_sent_bytes_total', 'Bytes of replies sent to clients.', ({ bytesOut }) => bytesOut],
  ['caskd_batch_items_total', 'Items of the batches received.', ({ batchItems }) => batchItems],
  [
    'caskd_reply_items_total',
    'Entries in replies to GET_MANY and RANGE.',
    ({ replyItems }) => replyItems,
  ],
  [
    'caskd_late_requests_total',
    'Requests that were not done in time, by their own deadline or by requestTimeoutMs.',
    ({ requestsLate }) => requestsLate,
  ],
  [
    'caskd_throttled_seconds_total',
    'For how long connections were not read from because of a rate, summed over all.',
    ({ throttledMs }) => throttledMs / 1000,
  ],
  ['caskd_slow_requests_total', 'Requests in the slow log.', ({ slowRequests }) => slowRequests],
];

/** Known to be 0 before they first happen, so that an increase from nothing is seen. */
const NO_ERRORS: Readonly<Record<string, number>> = Object.fromEntries(
  Object.keys(ERROR_CODES).map((code) => [code, 0]),
);

function ofServer<T>(pick: (server: ServerStats) => T): (facts: ScrapeFacts) => T | undefined {
  return ({ served }) => (served === undefined ? undefined : pick(served.server));
}

export const SERVER_METRICS: readonly MetricDefinition[] = [
  gauge(
    'caskd_connections',
    'Open connections.',
    ofServer(({ connectionsOpen }) => connectionsOpen),
  ),
  ...COUNTERS.map(([name, help, pick]) => counter(name, help, ofServer(pick))),
  counter(
    'caskd_tls_failures_total',
    'TLS handshakes that failed, and connections that spoke no TLS.',
    ofServer(({ tlsFailures }) => tlsFailures),
  ),
  counterBy(
    'result',
    'caskd_authentications_total',
    'Attempts to log in; locked: refused unseen, after too many failures.',
    ({ served }) => {
      const stats = served?.authentication;
      if (stats === undefined) return undefined;
      const { succeeded, failed, locked } = stats;
      return { succeeded, failed, locked };
    },
  ),
  gauge(
    'caskd_authentication_suspects',
    'Addresses, and addresses with users, that failed of late.',
    ({ served }) => served?.authentication?.suspects,
  ),
  counterBy(
    'operation',
    'caskd_requests_total',
    'Requests received, by operation.',
    ofServer(({ requests }) => requests),
  ),
  durationBy(
    'operation',
    'caskd_request_duration_seconds',
    'Time from the turn in which a request was read to its reply.',
    ({ served }) => served && Object.fromEntries(served.latencies),
  ),
  counterBy(
    'code',
    'caskd_errors_total',
    'Errors answered, and connections closed with one, by code.',
    ofServer(({ errors }) => ({ ...NO_ERRORS, ...errors })),
  ),
  counterBy(
    'kind',
    'caskd_timeouts_total',
    'Connections closed: a handshake or frame took too long (request), nothing was sent (idle).',
    ofServer(({ errors }) => ({
      request: errors['TIMEOUT'] ?? 0,
      idle: errors['IDLE_TIMEOUT'] ?? 0,
    })),
  ),
];
