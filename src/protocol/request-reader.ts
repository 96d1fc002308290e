/**
 * Reads requests, `[id, op, meta, ...arguments]`, in place. The server's side; one instance is
 * reused for all requests.
 *
 *     request.open(parser.buffer, parser.start, parser.end);   // throws: the connection ends
 *     if (request.op === OP_GET) request.readKey();            // throws: see below
 *
 * What `open` throws concerns the connection. What the `read...` methods throw answers the
 * request `id`, save BAD_FRAME, which ends the connection. Each of them reads all arguments and
 * checks that the body ends after them; call exactly one.
 */

import { limitError } from '../errors/limit-error.ts';
import type { BackupRequest } from '../vocabulary/backup.ts';
import type { BatchItem } from '../vocabulary/entry.ts';
import {
  CONDITION_IF_ABSENT,
  CONDITION_IF_PRESENT,
  CONDITION_NONE,
  EXPIRES_AT_LIMIT,
  expiringAt,
  TTL_KEEP,
  TTL_MS_MAX,
  TTL_NONE,
} from '../vocabulary/write-arguments.ts';
import { PING_PAYLOAD_BYTES_MAX, REQUEST_ID_MAX } from './frame.ts';
import { type HelloAuth, type HelloRequest, readHelloRequest } from './hello.ts';
import { MsgpackReader } from './msgpack-reader.ts';
import {
  BACKUP_COPIES,
  BACKUP_FULL,
  BATCH_DELETE,
  BATCH_PUT,
  DELETE_RANGE_ALL,
  DELETE_RANGE_PROGRESS,
  RANGE_KEYS_ONLY,
  RANGE_REVERSE,
} from './op-codes.ts';

/** What the client asks of the merge. */
export type MergeAction = (typeof MERGE_ACTIONS)[number];

const MERGE_ACTIONS = ['run', 'status', 'pause', 'resume'] as const;

/** What the client asks of the configuration. */
export interface ConfigRequest {
  /** Undefined: all settings. */
  readonly name: string | undefined;
  /** Undefined: it only asks. */
  readonly value: string | undefined;
}

/** Bounds as they came over the wire: slices of the message's buffer. */
export interface DecodedBounds {
  readonly start: Buffer | undefined;
  readonly end: Buffer | undefined;
  readonly prefix: Buffer | undefined;
}

export interface DecodedDeleteRange extends DecodedBounds {
  readonly all: boolean;
  readonly wantsProgress: boolean;
}

/** A range as it came over the wire: slices of the message's buffer. */
export interface DecodedRange extends DecodedBounds {
  readonly after: Buffer | undefined;
  readonly limit: number | undefined;
  readonly reverse: boolean;
  readonly keysOnly: boolean;
}

/** 'd', the key of the deadline in the meta map. */
const META_DEADLINE = 0x64;

export class RequestReader {
  id = 0;
  op = 0;
  /** Ms from now, as the client said; 0: none. */
  deadlineMs = 0;

  /** Key and value lie in `buffer`; set by what reads a key. */
  buffer: Buffer = Buffer.alloc(0);
  keyStart = 0;
  /** 0: the operation names no single key. */
  keyBytes = 0;
  valueStart = 0;
  valueBytes = 0;
  condition = CONDITION_NONE;
  ttlMs = TTL_NONE;
  /** Keys of `readKeys`, items of `readBatch`; 0: none. */
  items = 0;

  readonly #reader = new MsgpackReader();
  #left = 0;

  /** @throws CaskError BAD_FRAME, BAD_REQUEST: answer with id 0 and close */
  open(buffer: Buffer, start: number, end: number): void {
    const reader = this.#reader;
    this.id = 0;
    this.op = 0;
    this.keyBytes = 0;
    this.items = 0;
    reader.open(buffer, start, end);
    this.buffer = buffer;
    const items = reader.readArrayHeader('the body');
    if (items < 2) reader.mismatch('the body', '[id, op, meta, ...arguments]');
    this.id = reader.readUint('id');
    if (this.id < 1 || this.id > REQUEST_ID_MAX) reader.mismatch('id', '1 .. 2^32 - 1');
    this.op = reader.readUint('op');
    this.deadlineMs = 0;
    this.#left = Math.max(0, items - 3);
    if (items > 2 && !reader.skipNil()) this.#readMeta();
  }

  /** GET, EXISTS, PERSIST, TTL, GET_AND_DELETE: the key. */
  readKey(): void {
    this.#takeKey();
    this.#finish();
  }

  /** PUT: key, value, condition, time to live. */
  readPut(): void {
    const reader = this.#reader;
    this.#takeKey();
    this.#need('value');
    reader.readBytes('value');
    this.valueStart = reader.bytesStart;
    this.valueBytes = reader.bytesLength;
    this.condition = this.#more() ? this.#readCondition('condition', true) : CONDITION_NONE;
    this.ttlMs = this.#more() ? this.#readTtl('ttl') : TTL_NONE;
    this.#finish();
  }

  /** DELETE: key, condition. */
  readDelete(): void {
    this.#takeKey();
    this.condition = this.#more() ? this.#readCondition('condition', false) : CONDITION_NONE;
    this.#finish();
  }

  /** INCR: key, and what to add. */
  readIncr(): number | bigint {
    const reader = this.#reader;
    this.#takeKey();
    const by = this.#more() && !reader.skipNil() ? reader.readInt64('by') : 1;
    this.#finish();
    return by;
  }

  /** TOUCH: key, and either a time to live or a time. */
  readTouch(): void {
    const reader = this.#reader;
    this.#takeKey();
    const ttlMs = this.#more() ? reader.readUintOrNil('ttl') : undefined;
    const expiresAt = this.#more() ? reader.readUintOrNil('expiresAt') : undefined;
    if ((ttlMs === undefined) === (expiresAt === undefined)) {
      reader.mismatch('ttl', 'given, or expiresAt in its place');
    }
    if (ttlMs !== undefined && (ttlMs < 1 || ttlMs > TTL_MS_MAX)) {
      reader.mismatch('ttl', 'an integer from 1 to 2^47');
    }
    if (expiresAt !== undefined && (expiresAt < 1 || expiresAt >= EXPIRES_AT_LIMIT)) {
      reader.mismatch('expiresAt', 'an integer from 1 to 2^48 - 1');
    }
    this.ttlMs = ttlMs ?? expiringAt(expiresAt as number);
    this.#finish();
  }

  /** COUNT: the bounds, slices of the buffer. */
  readCount(): DecodedBounds {
    const range = this.#readBounds();
    this.#finish();
    return range;
  }

  /** DELETE_RANGE: bounds, slices of the buffer, and flags. */
  readDeleteRange(): DecodedDeleteRange {
    const range = this.#readBounds();
    const flags = this.#readFlags(
      DELETE_RANGE_ALL | DELETE_RANGE_PROGRESS,
      'made of 1 (all) and 2 (progress)',
    );
    this.#finish();
    const all = (flags & DELETE_RANGE_ALL) !== 0;
    return { ...range, all, wantsProgress: (flags & DELETE_RANGE_PROGRESS) !== 0 };
  }

  /** STATS, SYNC, and any operation that is not known. */
  readNothing(): void {
    this.#finish();
  }

  /** PING: the payload, a slice of the buffer. */
  readPing(): Buffer | undefined {
    const payload = this.#more() ? this.#reader.readSliceOrNil('payload') : undefined;
    if (payload !== undefined && payload.length > PING_PAYLOAD_BYTES_MAX) {
      this.#reader.mismatch('payload', `of at most ${PING_PAYLOAD_BYTES_MAX} bytes`);
    }
    this.#finish();
    return payload;
  }

  /**
   * GET_MANY: the keys, slices of the buffer.
   * @throws CaskError BATCH_TOO_LARGE before anything is allocated
   */
  readKeys(maxItems: number): Buffer[] {
    const reader = this.#reader;
    this.#need('keys');
    const count = reader.readArrayHeader('keys');
    checkCount(count, maxItems);
    this.items = count;
    const keys: Buffer[] = [];
    for (let index = 0; index < count; index++) keys.push(reader.readSlice(`key ${index}`));
    this.#finish();
    return keys;
  }

  /**
   * BATCH: the items; keys and values are slices of the buffer.
   * @throws CaskError BATCH_TOO_LARGE before anything is allocated
   */
  readBatch(maxItems: number): BatchItem[] {
    this.#need('items');
    const count = this.#reader.readArrayHeader('items');
    checkCount(count, maxItems);
    this.items = count;
    const items: BatchItem[] = [];
    for (let index = 0; index < count; index++) items.push(this.#readBatchItem(index));
    this.#finish();
    return items;
  }

  /** RANGE: bounds, limit and flags. */
  readRange(): DecodedRange {
    const reader = this.#reader;
    const { start, end, prefix } = this.#readBounds();
    const after = this.#more() ? reader.readSliceOrNil('after') : undefined;
    const limit = this.#more() ? reader.readUintOrNil('limit') : undefined;
    const flags = this.#readFlags(
      RANGE_REVERSE | RANGE_KEYS_ONLY,
      'made of 1 (reverse) and 2 (keys only)',
    );
    this.#finish();
    const reverse = (flags & RANGE_REVERSE) !== 0;
    return { start, end, prefix, after, limit, reverse, keysOnly: (flags & RANGE_KEYS_ONLY) !== 0 };
  }

  /** HELLO. */
  readHello(): HelloRequest {
    this.#need('argument');
    const hello = readHelloRequest(this.#reader);
    this.#finish();
    return hello;
  }

  /** AUTH: user and password. */
  readAuth(): HelloAuth {
    const reader = this.#reader;
    this.#need('user');
    const user = reader.readText('user');
    this.#need('password');
    const password = reader.readText('password');
    this.#finish();
    return { user, password };
  }

  /** MERGE: the action; nil means run. */
  readMerge(): MergeAction {
    return this.readAction(MERGE_ACTIONS).action;
  }

  /** CLIENTS, SLOW_LOG, JOBS: an action, nil means the first, and integers that may be left out. */
  readAction<A extends string>(
    actions: readonly [A, ...A[]],
    ...names: readonly string[]
  ): { readonly action: A; readonly numbers: readonly (number | undefined)[] } {
    const reader = this.#reader;
    const text = this.#more() && !reader.skipNil() ? reader.readText('action') : actions[0];
    const action = actions.find((known) => known === text);
    if (action === undefined) return reader.mismatch('action', `one of ${actions.join(', ')}`);
    const numbers = names.map((name) => (this.#more() ? reader.readUintOrNil(name) : undefined));
    this.#finish();
    return { action, numbers };
  }

  /** BACKUP: where to, and how. */
  readBackup(): BackupRequest {
    const reader = this.#reader;
    const directory = this.#more() && !reader.skipNil() ? reader.readText('directory') : undefined;
    const keep = this.#more() ? reader.readUintOrNil('keep') : undefined;
    const flags = this.#more() ? (reader.readUintOrNil('flags') ?? 0) : 0;
    if ((flags & ~(BACKUP_COPIES | BACKUP_FULL)) !== 0) {
      reader.mismatch('flags', 'made of 1 (copies) and 2 (full)');
    }
    this.#finish();
    const copies = (flags & BACKUP_COPIES) !== 0;
    return { directory, keep, copies, full: (flags & BACKUP_FULL) !== 0 };
  }

  /** CONFIG: what to do with which setting. */
  readConfig(): ConfigRequest {
    const reader = this.#reader;
    this.#need('action');
    const action = reader.readText('action');
    if (action === 'set') {
      const name = this.#readSettingText('name');
      const value = this.#readSettingText('value');
      this.#finish();
      return { name, value };
    }
    if (action !== 'get') return reader.mismatch('action', 'one of get, set');
    const name = this.#more() && !reader.skipNil() ? reader.readText('name') : undefined;
    this.#finish();
    return { name, value: undefined };
  }

  #readSettingText(what: string): string {
    this.#need(what);
    return this.#reader.readText(what);
  }

  /** CANCEL: the id of another request. */
  readCancel(): number {
    this.#need('id to cancel');
    const id = this.#reader.readUint('id to cancel');
    this.#finish();
    return id;
  }

  #readBounds(): DecodedBounds {
    const reader = this.#reader;
    const bound = (what: string) => (this.#more() ? reader.readSliceOrNil(what) : undefined);
    return { start: bound('start'), end: bound('end'), prefix: bound('prefix') };
  }

  #readFlags(known: number, wanted: string): number {
    const reader = this.#reader;
    const flags = this.#more() ? (reader.readUintOrNil('flags') ?? 0) : 0;
    if ((flags & ~known) !== 0) reader.mismatch('flags', wanted);
    return flags;
  }

  #takeKey(): void {
    const reader = this.#reader;
    this.#need('key');
    reader.readBytes('key');
    this.keyStart = reader.bytesStart;
    this.keyBytes = reader.bytesLength;
  }

  /** Takes an argument that must be there. */
  #need(what: string): void {
    if (this.#left === 0) this.#reader.mismatch(what, 'given; it is missing');
    this.#left -= 1;
  }

  /** Takes an argument that may be left out. */
  #more(): boolean {
    if (this.#left === 0) return false;
    this.#left -= 1;
    return true;
  }

  #finish(): void {
    this.#reader.finish(this.#left);
  }

  #readCondition(what: string, mayBeAbsent: boolean): number {
    const reader = this.#reader;
    if (reader.skipNil()) return CONDITION_NONE;
    const flag = reader.tryBool();
    if (flag === true) return CONDITION_IF_PRESENT;
    if (flag === undefined) return reader.readUint(what);
    if (!mayBeAbsent) reader.mismatch(what, 'nil, true or an integer');
    return CONDITION_IF_ABSENT;
  }

  #readTtl(what: string): number {
    const reader = this.#reader;
    if (reader.skipNil()) return TTL_NONE;
    const flag = reader.tryBool();
    if (flag === true) return TTL_KEEP;
    const ttlMs = flag === undefined ? reader.readInt(what) : 0;
    const isAbsolute = ttlMs < TTL_KEEP && ttlMs > -EXPIRES_AT_LIMIT;
    if (!isAbsolute && (ttlMs < 1 || ttlMs > TTL_MS_MAX)) {
      reader.mismatch(what, 'nil, true, an integer from 1 to 2^47, or minus a time from 2 to 2^48');
    }
    return ttlMs;
  }

  #readMeta(): void {
    const reader = this.#reader;
    for (let left = reader.readMapHeader('meta'); left > 0; left--) {
      const keyAt = reader.at;
      reader.skip(2);
      const isDeadline =
        reader.at - keyAt === 2 &&
        reader.buffer[keyAt] === 0xa1 &&
        reader.buffer[keyAt + 1] === META_DEADLINE;
      if (isDeadline) this.deadlineMs = reader.readUintOrNil('deadline') ?? 0;
      else reader.skip(2);
    }
  }

  #readBatchItem(index: number): BatchItem {
    const reader = this.#reader;
    const items = reader.readArrayHeader(`item ${index}`);
    if (items < 2) reader.mismatch(`item ${index}`, '[kind, key, ...]');
    const kind = reader.readUint(`kind of item ${index}`);
    const key = reader.readSlice(`key of item ${index}`);
    if (kind === BATCH_PUT && items >= 3) return this.#readBatchPut(index, items - 3, key);
    if (kind !== BATCH_DELETE) reader.mismatch(`item ${index}`, 'a put (0) or a delete (1)');
    const condition = items > 2 ? this.#readCondition(`condition of item ${index}`, false) : -1;
    for (let extra = items - 3; extra > 0; extra--) reader.skip(3);
    return { type: 'delete', key, ...conditionFields(condition) };
  }

  #readBatchPut(index: number, options: number, key: Buffer): BatchItem {
    const reader = this.#reader;
    const value = reader.readSlice(`value of item ${index}`);
    const condition =
      options > 0 ? this.#readCondition(`condition of item ${index}`, true) : CONDITION_NONE;
    const ttlMs = options > 1 ? this.#readTtl(`ttl of item ${index}`) : TTL_NONE;
    for (let extra = options - 2; extra > 0; extra--) reader.skip(3);
    const item = { type: 'put', key, value, ...conditionFields(condition) } as const;
    if (ttlMs === TTL_NONE) return item;
    if (ttlMs === TTL_KEEP) return { ...item, keepTtl: true };
    return ttlMs < 0 ? { ...item, expiresAt: -ttlMs } : { ...item, ttlMs };
  }
}

/** The object form of a condition. */
function conditionFields(condition: number): {
  ifAbsent?: boolean;
  ifPresent?: boolean;
  ifRevision?: number;
} {
  if (condition === CONDITION_NONE) return {};
  if (condition === CONDITION_IF_ABSENT) return { ifAbsent: true };
  if (condition === CONDITION_IF_PRESENT) return { ifPresent: true };
  return { ifRevision: condition };
}

function checkCount(count: number, maxItems: number): void {
  if (count <= maxItems) return;
  const message = `${count} items; the limit is ${maxItems} (maxBatchItems)`;
  throw limitError('BATCH_TOO_LARGE', message, 'maxBatchItems', maxItems);
}
