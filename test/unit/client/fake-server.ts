/**
 * A server for tests of the client, built from src/protocol: it keeps values in a map and answers
 * at once, unless a script says what to do instead.
 */

import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { CaskError } from '../../../src/errors/cask-error.ts';
import { FrameParser } from '../../../src/protocol/frame-parser.ts';
import { type HelloReply, helloReplyMap, type ServerLimits } from '../../../src/protocol/hello.ts';
import * as ops from '../../../src/protocol/op-codes.ts';
import { OutputBuffer } from '../../../src/protocol/output-buffer.ts';
import { encodePreamble, PreambleReader } from '../../../src/protocol/preamble.ts';
import { PUSH_PROGRESS } from '../../../src/protocol/push-kinds.ts';
import * as reply from '../../../src/protocol/reply-writer.ts';
import { RequestReader } from '../../../src/protocol/request-reader.ts';
import type { KeyRange } from '../../../src/vocabulary/entry.ts';
import { type PageEntry, pageOfEntries } from '../../fixtures/page-of-entries.ts';

export const LIMITS: ServerLimits = {
  maxFrameBytes: 64 * 1024 * 1024,
  maxKeyBytes: 65_535,
  maxValueBytes: 16 * 1024 * 1024,
  maxBatchItems: 10,
  maxBatchBytes: 1024 * 1024,
  maxRangeItems: 100,
  maxRangeBytes: 1024 * 1024,
  maxInFlight: 4096,
  idleTimeoutMs: 600_000,
};

export interface SeenRequest {
  readonly connection: number;
  readonly id: number;
  readonly op: number;
  readonly key: string;
}

/** What a script sees: return true when the request has been dealt with. */
export type Script = (request: RequestReader, peer: FakePeer, key: string) => boolean;

export class FakePeer {
  readonly number: number;
  readonly socket: Socket;
  readonly out = new OutputBuffer();
  /** Chunks of the client as they came. */
  chunks = 0;
  #held: (() => void)[] = [];

  constructor(number: number, socket: Socket) {
    this.number = number;
    this.socket = socket;
  }

  flush(): void {
    for (let part = this.out.take(); part !== undefined; part = this.out.take()) {
      this.socket.write(part);
    }
  }

  /** Keeps an answer back until `releaseReversed`. */
  hold(answer: () => void): void {
    this.#held.push(answer);
  }

  get heldCount(): number {
    return this.#held.length;
  }

  releaseReversed(): void {
    for (const answer of this.#held.reverse()) answer();
    this.#held = [];
    this.flush();
  }
}

export class FakeServer {
  readonly values = new Map<string, Buffer>();
  readonly seen: SeenRequest[] = [];
  readonly peers: FakePeer[] = [];
  limits: ServerLimits = LIMITS;
  script: Script = () => false;
  /** Called instead of the greeting, to misbehave. */
  greet: ((peer: FakePeer) => void) | undefined;
  revision = 100;
  readonly #server: Server;
  #port = 0;

  private constructor() {
    this.#server = createServer((socket) => this.#accept(socket));
  }

  static async start(port = 0): Promise<FakeServer> {
    const fake = new FakeServer();
    await fake.listen(port);
    return fake;
  }

  get port(): number {
    return this.#port;
  }

  async listen(port = this.#port): Promise<void> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Stops listening and cuts all connections. */
  async stop(): Promise<void> {
    for (const { socket } of this.peers) socket.destroy();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  get peer(): FakePeer {
    const peer = this.peers.at(-1);
    if (peer === undefined) throw new Error('nobody has connected');
    return peer;
  }

  ops(): string[] {
    return this.seen.map(({ op, key }) => `${ops.opName(op)} ${key}`.trim());
  }

  #accept(socket: Socket): void {
    const peer = new FakePeer(this.peers.length, socket);
    this.peers.push(peer);
    const preamble = new PreambleReader();
    const parser = new FrameParser(this.limits.maxFrameBytes, 0);
    const request = new RequestReader();
    socket.on('error', () => {});
    if (this.greet !== undefined) {
      this.greet(peer);
      return;
    }
    peer.out.append(encodePreamble());
    socket.on('data', (data) => {
      const chunk = data as Buffer;
      peer.chunks += 1;
      const taken = preamble.preamble === undefined ? preamble.push(chunk) : 0;
      parser.push(chunk.subarray(taken));
      while (parser.next()) {
        request.open(parser.buffer, parser.start, parser.end);
        this.#handle(request, peer);
      }
      peer.flush();
    });
  }

  #handle(request: RequestReader, peer: FakePeer): void {
    const { op, id } = request;
    if (op === ops.OP_HELLO) {
      reply.encodeReply(peer.out, id, [helloReplyMap(this.#hello(peer))]);
      return;
    }
    const keyed = [ops.OP_GET, ops.OP_EXISTS].includes(op);
    if (keyed) request.readKey();
    else if (op === ops.OP_PUT) request.readPut();
    else if (op === ops.OP_DELETE) request.readDelete();
    const hasKey = keyed || op === ops.OP_PUT || op === ops.OP_DELETE;
    const { buffer, keyStart, keyBytes } = request;
    const key = hasKey ? buffer.toString('utf8', keyStart, keyStart + keyBytes) : '';
    this.seen.push({ connection: peer.number, id, op, key });
    if (!this.script(request, peer, key)) this.answer(request, peer, key);
  }

  #deleteRange(request: RequestReader, out: OutputBuffer): void {
    const { wantsProgress, ...range } = request.readDeleteRange();
    const keys = this.#keysWithin(range);
    if (wantsProgress) reply.encodePush(out, PUSH_PROGRESS, [request.id, 0, keys.length]);
    for (const key of keys) this.values.delete(key);
    const revision = keys.length === 0 ? undefined : this.#next();
    reply.encodeDeleteRangeReply(out, request.id, { deleted: keys.length, revision });
  }

  #keysWithin({ start = '', end, prefix = '' }: KeyRange): string[] {
    return [...this.values.keys()].filter(
      (key) => key >= `${start}` && key.startsWith(`${prefix}`) && !(key >= `${end ?? '~'}`),
    );
  }

  /** The honest answer. */
  answer(request: RequestReader, peer: FakePeer, key: string): void {
    const { out } = peer;
    const { id } = request;
    switch (request.op) {
      case ops.OP_GET:
        this.#get(out, id, key);
        break;
      case ops.OP_EXISTS:
        reply.encodeBoolReply(out, id, this.values.has(key));
        break;
      case ops.OP_PUT:
        this.#put(request, out, key);
        break;
      case ops.OP_DELETE:
        reply.encodeDeleteReply(out, id, this.values.delete(key) ? this.#next() : 0);
        break;
      case ops.OP_PING:
        reply.encodePingReply(out, id, request.readPing(), Date.now());
        break;
      case ops.OP_COUNT:
        reply.encodeCountReply(out, id, this.#keysWithin(request.readCount()).length);
        break;
      case ops.OP_DELETE_RANGE:
        this.#deleteRange(request, out);
        break;
      case ops.OP_SYNC:
        reply.encodeSyncReply(out, id, this.revision);
        break;
      case ops.OP_CANCEL:
        reply.encodeBoolReply(out, id, false);
        break;
      default:
        this.#answerMany(request, out);
    }
  }

  #answerMany(request: RequestReader, out: OutputBuffer): void {
    const { id, op } = request;
    if (op === ops.OP_GET_MANY) {
      const keys = request.readKeys(this.limits.maxBatchItems).slice(0, 7);
      reply.encodeGetManyReply(
        out,
        id,
        keys.map((key) => this.#entry(key.toString())),
      );
    } else if (op === ops.OP_BATCH) {
      const items = request.readBatch(this.limits.maxBatchItems);
      const results = items.map((item) => this.#apply(item));
      reply.encodeBatchReply(out, id, results);
    } else if (op === ops.OP_RANGE) {
      this.#range(request, out);
    } else if (op === ops.OP_STATS) {
      reply.encodeReply(out, id, [{ keys: this.values.size, bytes: 2 ** 40 }]);
    } else if (op === ops.OP_CONFIG) {
      const { name = 'all', value = '' } = request.readConfig();
      const setting = { name, text: value };
      reply.encodeReply(out, id, [value === '' ? [setting] : setting]);
    } else if (op === ops.OP_MERGE) {
      const action = request.readMerge();
      reply.encodeReply(out, id, [{ state: action, inputs: 2 }]);
    } else {
      const what = new CaskError('UNKNOWN_OPERATION', ops.opName(op));
      reply.encodeErrorReply(out, id, what);
    }
  }

  #next(): number {
    this.revision += 1;
    return this.revision;
  }

  #get(out: OutputBuffer, id: number, key: string): void {
    const value = this.values.get(key);
    if (value === undefined) {
      reply.encodeAbsentReply(out, id);
      return;
    }
    const meta = { revision: 7, version: 1, createdAt: 1000, updatedAt: 2000, expiresAt: 0 };
    const view = { buffer: value, valueStart: 0, valueBytes: value.length, ...meta };
    reply.encodeValueReply(out, id, view);
  }

  #put(request: RequestReader, out: OutputBuffer, key: string): void {
    const { id, buffer, valueStart, valueBytes, condition, ttlMs } = request;
    if (condition === -2 && this.values.has(key)) {
      const details = { revision: 7 };
      reply.encodeErrorReply(out, id, new CaskError('CONFLICT', 'the key exists', { details }));
      return;
    }
    this.values.set(key, Buffer.from(buffer.subarray(valueStart, valueStart + valueBytes)));
    const expiresAt = ttlMs > 0 ? 5000 + ttlMs : 0;
    const outcome = { revision: this.#next(), version: 1, createdAt: 5000, updatedAt: 5000 };
    reply.encodePutReply(out, id, { ...outcome, expiresAt });
  }

  #apply(item: { type: string; key: unknown; value?: unknown }) {
    const key = String(item.key);
    if (item.type === 'put') {
      this.values.set(key, Buffer.from(item.value as Uint8Array));
      return { revision: this.#next(), version: 1 };
    }
    const there = this.values.delete(key);
    return { revision: there ? this.#next() : undefined, version: undefined };
  }

  /** A key that starts with "bad" is damaged. */
  #entry(key: string, keysOnly = false): PageEntry | undefined {
    const value = this.values.get(key);
    if (value === undefined) return undefined;
    const meta = { revision: 7, version: 1, createdAt: 1000, expiresAt: undefined };
    const entry = { key: Buffer.from(key), ...meta };
    if (keysOnly) return { ...entry, valueBytes: value.length };
    if (key.includes('bad')) return { ...entry, error: new CaskError('CORRUPT', 'bad checksum') };
    return { ...entry, value, updatedAt: 2000 };
  }

  #range(request: RequestReader, out: OutputBuffer): void {
    const { start, end, prefix, after, reverse, keysOnly, ...rest } = request.readRange();
    const { limit = Math.min(1000, this.limits.maxRangeItems) } = rest;
    if (limit > this.limits.maxRangeItems) {
      const error = new CaskError('LIMIT_EXCEEDED', `the limit is ${this.limits.maxRangeItems}`);
      reply.encodeErrorReply(out, request.id, error);
      return;
    }
    const beyond = (key: Buffer) =>
      after === undefined || (reverse ? key.compare(after) < 0 : key.compare(after) > 0);
    const keys = [...this.values.keys()]
      .map((key) => Buffer.from(key))
      .filter((key) => start === undefined || key.compare(start) >= 0)
      .filter((key) => end === undefined || key.compare(end) < 0)
      .filter((key) => prefix === undefined || key.subarray(0, prefix.length).equals(prefix))
      .filter(beyond)
      .sort((one, other) => (reverse ? other.compare(one) : one.compare(other)));
    const entries = keys.slice(0, limit).map((key) => this.#entry(key.toString(), keysOnly));
    const page = pageOfEntries(entries as PageEntry[], keys.length > limit);
    reply.encodeRangeReply(out, request.id, page);
  }

  #hello(peer: FakePeer): HelloReply {
    return {
      server: 'fake',
      version: '0',
      serverId: 'fake-1',
      clientId: peer.number,
      limits: this.limits,
      auth: false,
      tls: false,
      epoch: 1,
      now: Date.now(),
    };
  }
}
