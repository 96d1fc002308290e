/** The one place for units, ranges and defaults of the server's own limits, and its rules on them. */

import type { NumberSpec, OptionProblem } from '../vocabulary/option-spec.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const HOUR_MS = 3_600_000;
/** More than any machine has; keeps sums of bytes far below 2^53. */
const MEMORY_BYTES_MAX = 16 * 1024 * 1024 * MIB;

function sixteenthOf(memoryBytes: number): number {
  return Math.min(256 * MIB, Math.max(64 * MIB, Math.floor(memoryBytes / 16)));
}

export const SERVER_LIMIT_TABLE = {
  maxConnections: {
    type: 'number',
    unit: 'count',
    min: 1,
    max: 100_000,
    default: 1000,
    live: true,
  },
  maxConnectionsPerAddress: {
    type: 'number',
    unit: 'count',
    min: 0,
    max: 100_000,
    default: 0,
    live: true,
  },
  maxUnauthenticated: {
    type: 'number',
    unit: 'count',
    min: 1,
    max: 100_000,
    default: 500,
    live: true,
  },
  maxInFlight: {
    type: 'number',
    unit: 'count',
    min: 1,
    max: 1_000_000,
    default: 4096,
    live: true,
  },
  maxInFlightTotal: {
    type: 'number',
    unit: 'count',
    min: 1,
    max: 10_000_000,
    default: 65_536,
    live: true,
  },
  maxRequestBytes: {
    type: 'number',
    unit: 'bytes',
    min: MIB,
    max: MEMORY_BYTES_MAX,
    default: {
      words: 'a sixteenth of the memory granted, at least 64m, at most 256m',
      of: ({ memoryBytes }) => sixteenthOf(memoryBytes),
    },
    live: true,
  },
  requestTimeoutMs: {
    type: 'number',
    unit: 'ms',
    min: 10,
    max: 24 * HOUR_MS,
    default: 30_000,
    live: true,
  },
  handshakeTimeoutMs: {
    type: 'number',
    unit: 'ms',
    min: 10,
    max: HOUR_MS,
    default: 5000,
    live: true,
  },
  frameTimeoutMs: {
    type: 'number',
    unit: 'ms',
    min: 10,
    max: HOUR_MS,
    default: 30_000,
    live: true,
  },
  frameMinBytesPerSecond: {
    type: 'number',
    unit: 'perSecond',
    min: 1,
    max: 1024 * MIB,
    default: 64 * KIB,
    live: true,
  },
  idleTimeoutMs: {
    type: 'number',
    unit: 'ms',
    min: 20,
    max: 24 * HOUR_MS,
    default: 600_000,
    live: true,
  },
  outputSoftBytes: {
    type: 'number',
    unit: 'bytes',
    min: 64 * KIB,
    max: 4096 * MIB,
    default: 16 * MIB,
    live: true,
  },
  outputHardBytes: {
    type: 'number',
    unit: 'bytes',
    min: 64 * KIB,
    max: 4096 * MIB,
    default: 64 * MIB,
    live: true,
  },
  outputTimeoutMs: {
    type: 'number',
    unit: 'ms',
    min: 10,
    max: HOUR_MS,
    default: 10_000,
    live: true,
  },
  maxOutputBytes: {
    type: 'number',
    unit: 'bytes',
    min: MIB,
    max: MEMORY_BYTES_MAX,
    default: {
      words: 'a sixteenth of the memory granted, at least 64m, at most 256m',
      of: ({ memoryBytes }) => sixteenthOf(memoryBytes),
    },
    live: true,
  },
  connectionRequestsPerSecond: {
    type: 'number',
    unit: 'count',
    min: 0,
    max: 4_000_000,
    default: 0,
    live: true,
  },
  connectionBytesPerSecond: {
    type: 'number',
    unit: 'perSecond',
    min: 0,
    max: 1024 * 1024 * MIB,
    default: 0,
    live: true,
  },
  clientRequestsPerSecond: {
    type: 'number',
    unit: 'count',
    min: 0,
    max: 4_000_000,
    default: 0,
    live: true,
  },
  clientBytesPerSecond: {
    type: 'number',
    unit: 'perSecond',
    min: 0,
    max: 1024 * 1024 * MIB,
    default: 0,
    live: true,
  },
  rateBurstMs: { type: 'number', unit: 'ms', min: 10, max: 60_000, default: 1000, live: true },
  framesPerTurn: {
    type: 'number',
    unit: 'count',
    min: 1,
    max: 1_000_000,
    default: 512,
    live: true,
  },
  bytesPerTurn: {
    type: 'number',
    unit: 'bytes',
    min: KIB,
    max: 1024 * MIB,
    default: MIB,
    live: true,
  },
  sweepIntervalMs: { type: 'number', unit: 'ms', min: 1, max: HOUR_MS, default: 1000 },
  lingerMs: { type: 'number', unit: 'ms', min: 1, max: HOUR_MS, default: 1000, live: true },
  slowLogMs: { type: 'number', unit: 'ms', min: 0, max: HOUR_MS, default: 10, live: true },
  slowLogEntries: {
    type: 'number',
    unit: 'count',
    min: 0,
    max: 1000,
    default: 128,
    live: true,
  },
} as const satisfies Record<string, NumberSpec>;

/** The limits that the rules compare. */
export interface ComparedServerLimits {
  readonly outputSoftBytes: number;
  readonly outputHardBytes: number;
}

/** What is wrong with limits that are each within their range. */
export function serverRuleProblems(limits: ComparedServerLimits): OptionProblem[] {
  const { outputSoftBytes, outputHardBytes } = limits;
  if (outputHardBytes >= outputSoftBytes) return [];
  const problem = `is ${outputHardBytes}, allowed is no less than outputSoftBytes, ${outputSoftBytes}`;
  return [{ option: 'outputHardBytes', problem, related: ['outputSoftBytes'] }];
}
