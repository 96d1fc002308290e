/**
 * The fields of a manifest, and their rules: a msgpack map, every key of which is checked.
 *
 * ```
 *  uuid  generation  segments  nextSegmentId  keys  lastSequence  jumps  epochs  engineTime
 *  historyFloor  obsolete  damage  promisedEpoch  commitFloor  historyFloorTime?  history?
 *  scrubbedAt?
 * ```
 *
 * Keys that this version does not know are kept and written back.
 */

import { CaskError } from '../../errors/cask-error.ts';
import { parseFileName, type SegmentKind } from './file-names.ts';
import { U32_MAX } from './integers.ts';
import { UUID_BYTES } from './segment-header.ts';

export type SegmentState = 'sealed' | 'open' | 'prepared';

/** A live segment. */
export interface ManifestSegment {
  readonly id: number;
  readonly kind: SegmentKind;
  readonly state: SegmentState;
  readonly salt: number;
  /** Base, last and lowest sequence (dead records included); 0 when there is none yet. */
  readonly base: number;
  readonly last: number;
  readonly min: number;
  /** Length; exact when sealed: shorter on disk is corruption. */
  readonly bytes: number;
  readonly records: number;
}

/** A quarantined range of a segment. */
export interface DamageFacts {
  readonly segment: number;
  readonly offset: number;
  readonly bytes: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
}

/** Records that a merge kept for the sake of history: dead, and not to be dropped yet. */
export interface HistoryFacts {
  readonly segment: number;
  readonly bytes: number;
  /** Once every write up to this sequence is older than the retention, they may go. */
  readonly until: number;
}

export interface Manifest {
  /** 16 bytes. */
  readonly uuid: Uint8Array;
  /** Counts manifests written. */
  readonly generation: number;
  /** Ascending by id. */
  readonly segments: readonly ManifestSegment[];
  /** High-water mark: ids are never reused. */
  readonly nextSegmentId: number;
  /** Keys when it was written: lets the next start make room for them at once. */
  readonly keys: number;
  /** At least the last sequence of every segment that no longer is; sequences go on above it. */
  readonly lastSequence: number;
  /** After the sequence `from` comes `to`. */
  readonly jumps: readonly (readonly [from: number, to: number])[];
  readonly epochs: readonly (readonly [epoch: number, firstSequence: number])[];
  /** The largest time given out, ms. */
  readonly engineTime: number;
  /** Highest sequence at which something superseded was dropped; 0: never. */
  readonly historyFloor: number;
  /**
   * Every write up to that sequence was committed by then. It says something of `historyFloor`
   * only while it names the same sequence.
   */
  readonly historyFloorTime?: readonly [sequence: number, ms: number];
  /** Names of files to be unlinked, no longer part of the store. */
  readonly obsolete: readonly string[];
  readonly damage: readonly DamageFacts[];
  /** Absent: nothing is kept for history. */
  readonly history?: readonly HistoryFacts[];
  /** When all segments had been read for damage last, ms; absent: never. */
  readonly scrubbedAt?: number;
  readonly promisedEpoch: number;
  readonly commitFloor: number;
  /** What a newer version put here; undefined or empty: nothing. */
  readonly unknown?: Readonly<Record<string, unknown>>;
}

type Fields = Readonly<Record<string, unknown>>;

function wrong(what: string): CaskError {
  return new CaskError('BAD_MANIFEST', `the manifest is wrong: ${what}`);
}

function show(value: unknown): string {
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

function uint(value: unknown, name: string, max: number = Number.MAX_SAFE_INTEGER): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max) {
    return value;
  }
  throw wrong(`${name} is ${show(value)}, allowed are integers from 0 to ${max}`);
}

function array(value: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(value)) throw wrong(`${name} is ${show(value)}, not an array`);
  return value;
}

function map(value: unknown, name: string): Fields {
  const isMap =
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array);
  if (!isMap) throw wrong(`${name} is ${show(value)}, not a map`);
  return value as Fields;
}

function oneOf<T extends string>(value: unknown, name: string, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) {
    throw wrong(`${name} is ${show(value)}, allowed are ${allowed.join(', ')}`);
  }
  return found;
}

function uuidOf(value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length !== UUID_BYTES) {
    throw wrong(`uuid is not ${UUID_BYTES} bytes`);
  }
  return value;
}

function segmentOf(value: unknown, index: number): ManifestSegment {
  const name = `segments[${index}]`;
  const fields = map(value, name);
  const { kind, state } = fields;
  const field = (key: string, max?: number) => uint(fields[key], `${name}.${key}`, max);
  const segment: ManifestSegment = {
    id: field('id'),
    kind: oneOf(kind, `${name}.kind`, ['log', 'merged']),
    state: oneOf(state, `${name}.state`, ['sealed', 'open', 'prepared']),
    salt: field('salt', U32_MAX),
    base: field('base'),
    last: field('last'),
    min: field('min'),
    bytes: field('bytes', U32_MAX),
    records: field('records'),
  };
  if (segment.id === 0) throw wrong(`${name}.id is 0`);
  if (segment.kind === 'merged' && segment.state !== 'sealed') {
    throw wrong(`${name} is merged and ${segment.state}; merged segments are sealed`);
  }
  return segment;
}

function segmentsOf(value: unknown, nextSegmentId: number): ManifestSegment[] {
  const segments = array(value, 'segments').map(segmentOf);
  let before = 0;
  for (const { id } of segments) {
    if (id <= before) throw wrong(`segment ${id} follows segment ${before}`);
    if (id >= nextSegmentId) throw wrong(`segment ${id} is not below nextSegmentId`);
    before = id;
  }
  return segments;
}

function pairOf(value: unknown, name: string): [number, number] {
  const pair = array(value, name);
  if (pair.length !== 2) throw wrong(`${name} has ${pair.length} items, not 2`);
  return [uint(pair[0], `${name}[0]`), uint(pair[1], `${name}[1]`)];
}

/** Pairs of uints of which the second ones ascend. */
function pairsOf(value: unknown, name: string): [number, number][] {
  let before = -1;
  return array(value, name).map((item, index) => {
    const [first, second] = pairOf(item, `${name}[${index}]`);
    if (second <= before) throw wrong(`${name}[${index}] does not come after the one before`);
    before = second;
    return [first, second];
  });
}

function jumpsOf(value: unknown): [number, number][] {
  const jumps = pairsOf(value, 'jumps');
  for (const [from, to] of jumps) {
    if (from >= to) throw wrong(`a jump leads from ${from} to ${to}`);
  }
  return jumps;
}

function epochsOf(value: unknown): [number, number][] {
  const epochs = pairsOf(value, 'epochs');
  if (epochs.length === 0) throw wrong('epochs is empty');
  return epochs;
}

function obsoleteOf(value: unknown): string[] {
  return array(value, 'obsolete').map((item) => {
    const kind = typeof item === 'string' ? parseFileName(item)?.kind : undefined;
    if (kind !== 'log' && kind !== 'merged' && kind !== 'hint') {
      throw wrong(`obsolete has ${show(item)}, which names no segment or hint`);
    }
    return item as string;
  });
}

function damageOf(value: unknown): DamageFacts[] {
  return array(value, 'damage').map((item, index) => {
    const fields = map(item, `damage[${index}]`);
    const field = (key: string, max?: number) => uint(fields[key], `damage[${index}].${key}`, max);
    return {
      segment: field('segment'),
      offset: field('offset', U32_MAX),
      bytes: field('bytes', U32_MAX),
      firstSequence: field('firstSequence'),
      lastSequence: field('lastSequence'),
    };
  });
}

function historyOf(value: unknown): HistoryFacts[] {
  return array(value, 'history').map((item, index) => {
    const fields = map(item, `history[${index}]`);
    const field = (key: string, max?: number) => uint(fields[key], `history[${index}].${key}`, max);
    return { segment: field('segment'), bytes: field('bytes', U32_MAX), until: field('until') };
  });
}

/**
 * Checks a decoded body.
 * @throws CaskError BAD_MANIFEST naming the field that is wrong
 */
export function manifestOf(body: unknown): Manifest {
  const {
    uuid,
    generation,
    segments,
    nextSegmentId,
    keys,
    lastSequence,
    jumps,
    epochs,
    engineTime,
    historyFloor,
    obsolete,
    damage,
    promisedEpoch,
    commitFloor,
    historyFloorTime,
    history,
    scrubbedAt,
    ...unknown
  } = map(body, 'the body');
  const nextId = uint(nextSegmentId, 'nextSegmentId');
  return {
    uuid: uuidOf(uuid),
    generation: uint(generation, 'generation'),
    segments: segmentsOf(segments, nextId),
    nextSegmentId: nextId,
    keys: uint(keys, 'keys'),
    lastSequence: uint(lastSequence, 'lastSequence'),
    jumps: jumpsOf(jumps),
    epochs: epochsOf(epochs),
    engineTime: uint(engineTime, 'engineTime'),
    historyFloor: uint(historyFloor, 'historyFloor'),
    obsolete: obsoleteOf(obsolete),
    damage: damageOf(damage),
    promisedEpoch: uint(promisedEpoch, 'promisedEpoch'),
    commitFloor: uint(commitFloor, 'commitFloor'),
    ...(historyFloorTime === undefined
      ? {}
      : { historyFloorTime: pairOf(historyFloorTime, 'historyFloorTime') }),
    ...(history === undefined ? {} : { history: historyOf(history) }),
    ...(scrubbedAt === undefined ? {} : { scrubbedAt: uint(scrubbedAt, 'scrubbedAt') }),
    ...(Object.keys(unknown).length === 0 ? {} : { unknown }),
  };
}

/** The map that stands for a manifest: the keys above, and the unknown ones as they came. */
export function bodyOf(manifest: Manifest): Record<string, unknown> {
  const { unknown, ...known } = manifest;
  return { ...unknown, ...known };
}
