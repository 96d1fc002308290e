/**
 * Conditional requests, RFC 9110, section 13. The entity tag of an entry is its revision, whatever
 * form its value is given in: what was read as JSON may be written back as bytes.
 */

import type { IncomingHttpHeaders } from 'node:http';
import { CaskError } from '../../errors/cask-error.ts';
import type { EntryMeta } from '../../vocabulary/entry.ts';
import {
  CONDITION_IF_ABSENT,
  CONDITION_IF_PRESENT,
  CONDITION_NONE,
} from '../../vocabulary/write-arguments.ts';
import { HttpError } from '../http-error.ts';

const PRECONDITION_FAILED = 412;
/** Strong tags of ours. */
const REVISION_TAG = /^"([1-9]\d{0,15})"$/;
/** Also what proxies make of them. */
const WEAK_PREFIX = /^W\//;

type Conditions = Pick<IncomingHttpHeaders, 'if-match' | 'if-none-match' | 'if-modified-since'>;

export function entityTagOf(revision: number): string {
  return `"${revision}"`;
}

/**
 * The condition of a write, for the store.
 * @throws CaskError BAD_REQUEST, CONFLICT for a tag that no entry of ours can have
 */
export function writeConditionOf(headers: Conditions): number {
  const { 'if-match': match, 'if-none-match': noneMatch } = headers;
  if (match !== undefined && noneMatch !== undefined) {
    throw new CaskError('BAD_REQUEST', 'If-Match and If-None-Match exclude each other');
  }
  if (noneMatch !== undefined) {
    if (noneMatch.trim() === '*') return CONDITION_IF_ABSENT;
    throw new CaskError('BAD_REQUEST', 'of writes, If-None-Match is * only: write what is absent');
  }
  if (match === undefined) return CONDITION_NONE;
  if (match.trim() === '*') return CONDITION_IF_PRESENT;
  if (match.includes(',')) throw new CaskError('BAD_REQUEST', 'If-Match has one tag only');
  const [, revision] = REVISION_TAG.exec(match.trim()) ?? [];
  if (revision === undefined) {
    throw new HttpError(PRECONDITION_FAILED, 'CONFLICT', `no entry here has the tag ${match}`);
  }
  return Number(revision);
}

/** The client has this entry already. */
export function isNotModified(headers: Conditions, { revision, updatedAt }: EntryMeta): boolean {
  const { 'if-none-match': noneMatch, 'if-modified-since': since } = headers;
  if (noneMatch !== undefined) {
    const tag = entityTagOf(revision);
    return noneMatch.split(',').some((one) => {
      const given = one.trim().replace(WEAK_PREFIX, '');
      return given === '*' || given === tag;
    });
  }
  if (since === undefined) return false;
  const sinceMs = Date.parse(since);
  return !Number.isNaN(sinceMs) && Math.floor(updatedAt / 1000) * 1000 <= sinceMs;
}

/** A CONFLICT over headers is 412, with what there is in its details. */
export function asPreconditionFailed(thrown: unknown): unknown {
  if (!(thrown instanceof CaskError) || thrown.code !== 'CONFLICT') return thrown;
  if (thrown instanceof HttpError) return thrown;
  const { message, details } = thrown;
  return new HttpError(PRECONDITION_FAILED, 'CONFLICT', message, details ? { details } : {});
}
