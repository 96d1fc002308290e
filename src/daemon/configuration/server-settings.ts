/** Settings that the server acts on. Types, ranges and defaults are those of its table. */

import { SERVER_LIMIT_TABLE } from '../../server/server-limit-table.ts';
import type { Section } from './sections.ts';
import { settingOf } from './setting.ts';

function server<N extends keyof typeof SERVER_LIMIT_TABLE>(
  name: N,
  help: string,
  cost: string,
  section: Section = 'connections',
) {
  const about = { section, help, cost };
  return settingOf('server', name, SERVER_LIMIT_TABLE[name], about);
}

export const SERVER_SETTINGS = {
  maxConnections: server(
    'maxConnections',
    'most connections at a time',
    'One more is told TOO_MANY_CONNECTIONS. Each takes a descriptor and some 20 KiB. Lowering it closes none that is open.',
  ),
  maxConnectionsPerAddress: server(
    'maxConnectionsPerAddress',
    'most connections from one address; 0: no limit of its own',
    'One more is told TOO_MANY_CONNECTIONS. Of IPv6, a /64 counts as one address.',
  ),
  maxUnauthenticated: server(
    'maxUnauthenticated',
    'most connections that have not said who they are',
    'For one more, the oldest is closed if it had a second to say it; else the new one is refused (TOO_MANY_CONNECTIONS).',
  ),
  maxInFlight: server(
    'maxInFlight',
    'unanswered requests of a connection',
    'At that number its input waits, so that one client cannot have all the memory.',
  ),
  maxInFlightTotal: server(
    'maxInFlightTotal',
    'unanswered requests of all connections',
    'Each takes up to 1 KiB while it waits. A connection waits once it has as many as there is room left for.',
  ),
  maxRequestBytes: server(
    'maxRequestBytes',
    'memory of large frames and of the requests that hold on to theirs',
    'Frames above 64 KiB are read once there is room for all of it; what finds none waits, unread, in order. One frame always has room.',
    'memory',
  ),
  requestTimeoutMs: server(
    'requestTimeoutMs',
    'time for a request; its own deadline may shorten it',
    'One that takes longer is stopped and answered TIMEOUT, or OUTCOME_UNKNOWN where a write is on its way. Merges and other long work are left alone.',
  ),
  handshakeTimeoutMs: server(
    'handshakeTimeoutMs',
    'time for preamble and HELLO',
    'Who connects and says nothing holds a connection for so long.',
  ),
  frameTimeoutMs: server(
    'frameTimeoutMs',
    'time for a frame once begun, beyond what its bytes take at frameMinBytesPerSecond',
    'A client that sends a frame byte by byte is closed (TIMEOUT) after so long.',
  ),
  frameMinBytesPerSecond: server(
    'frameMinBytesPerSecond',
    'the speed at which a frame is given time beyond frameTimeoutMs',
    'A line that is slower cannot send the largest frames. While others wait for the memory, a frame 2 s behind this speed is given up (BUSY).',
  ),
  idleTimeoutMs: server(
    'idleTimeoutMs',
    'a connection silent for so long is closed',
    'At half of it the client is asked whether it is there, so that clients which answer stay.',
  ),
  outputSoftBytes: server(
    'outputSoftBytes',
    'unsent replies at which no more is read from the connection',
    'Memory that a client which reads slowly may hold.',
  ),
  outputHardBytes: server(
    'outputHardBytes',
    'unsent replies at which the connection is closed; not below outputSoftBytes',
    'Answers to many large reads can come at once: up to this they are kept, then answered BUSY.',
  ),
  outputTimeoutMs: server(
    'outputTimeoutMs',
    'how long replies may lie above the soft limit',
    'A client that reads nothing for so long is closed (SLOW_CONSUMER).',
  ),
  maxOutputBytes: server(
    'maxOutputBytes',
    'unsent replies of all connections',
    'A connection waits once it has as many bytes as there is room left for; large replies beyond it are BUSY, and who is in the way for outputTimeoutMs is closed (SLOW_CONSUMER).',
    'memory',
  ),
  connectionRequestsPerSecond: server(
    'connectionRequestsPerSecond',
    'requests a second of a connection; 0: no limit',
    'Above it nothing is read from the connection for a while; nothing is refused.',
  ),
  connectionBytesPerSecond: server(
    'connectionBytesPerSecond',
    'bytes a second of a connection, requests and replies; 0: no limit',
    'Above it nothing is read from the connection for a while. A single request or reply may be larger, and is paid back.',
  ),
  clientRequestsPerSecond: server(
    'clientRequestsPerSecond',
    'requests a second of a user, or of an address where no users are known; 0: no limit',
    'For all its connections together. Of IPv6, a /64 counts as one address.',
  ),
  clientBytesPerSecond: server(
    'clientBytesPerSecond',
    'bytes a second of a user, or of an address where no users are known; 0: no limit',
    'For all its connections together.',
  ),
  rateBurstMs: server(
    'rateBurstMs',
    'what a rate brings in this time may be used at once',
    'Longer: a client that was quiet may do more in one go.',
  ),
  framesPerTurn: server(
    'framesPerTurn',
    "frames of a connection handled before the others' turn",
    'Higher: more throughput for a client that pipelines, longer waits for the others.',
  ),
  bytesPerTurn: server(
    'bytesPerTurn',
    "bytes of a connection taken in and given out before the others' turn",
    'Higher: more throughput for large values, longer waits for the others.',
  ),
  slowLogMs: server(
    'slowLogMs',
    'requests that take so long go into the slow log; 0: all of them',
    'Lower: more of what is ordinary stands there, and pushes out what is not.',
    'insight',
  ),
  slowLogEntries: server(
    'slowLogEntries',
    'the last so many entries of the slow log are kept; 0: none',
    'Some 200 bytes each. Lengths of keys and values are kept, never keys or values.',
    'insight',
  ),
} as const;
