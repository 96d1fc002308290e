/**
 * `diagnostics_channel` messages, published only while someone subscribes. Keys and values never
 * appear in them.
 */

import { channel } from 'node:diagnostics_channel';
import type { CaskError } from '../errors/cask-error.ts';
import { opName } from '../protocol/op-codes.ts';
import type { Pending } from './pending.ts';

/** Published on `caskd:request` when a request is submitted. */
export interface RequestTrace {
  readonly operation: string;
  /** Position among all requests of this client; the reply has the same. */
  readonly order: number;
  readonly bytes: number;
}

/** Published on `caskd:reply` when a request is answered by the server. */
export interface ReplyTrace {
  readonly operation: string;
  readonly order: number;
  readonly durationMs: number;
  readonly error: CaskError | undefined;
}

const requests = channel('caskd:request');
const replies = channel('caskd:reply');

export function traceRequest(pending: Pending): void {
  if (replies.hasSubscribers) pending.startedAt = performance.now();
  if (!requests.hasSubscribers) return;
  const { operation, order, bytes } = pending;
  requests.publish({ operation: opName(operation.op), order, bytes } satisfies RequestTrace);
}

export function traceReply(pending: Pending, error: CaskError | undefined): void {
  if (!replies.hasSubscribers || pending.startedAt === 0) return;
  const { operation, order, startedAt } = pending;
  const durationMs = performance.now() - startedAt;
  const trace: ReplyTrace = { operation: opName(operation.op), order, durationMs, error };
  replies.publish(trace);
}
