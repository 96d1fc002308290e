/**
 * Answers in zstd or gzip, for clients that take them. Small ones are not worth it; middling ones
 * are compressed at once; large ones on a thread of the pool, of which syncs need their share: two
 * at a time, and the others leave as they are.
 */

import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import {
  constants,
  createGzip,
  createZstdCompress,
  gzip,
  gzipSync,
  zstdCompress,
  zstdCompressSync,
} from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HttpApp } from './http-app.ts';
import { mediaRanges, weightOf } from './media-types.ts';

const KIB = 1024;
export const COMPRESSED_BYTES_MIN = KIB;
/** About half a millisecond. */
const AT_ONCE_BYTES_MAX = 64 * KIB;
const ON_THREADS_MAX = 2;

const GZIP_OPTIONS = { level: 1 } as const;
const ZSTD_OPTIONS = { params: { [constants.ZSTD_c_compressionLevel]: 1 } } as const;

interface Coding {
  atOnce(bytes: Buffer): Buffer;
  onThread(bytes: Buffer): Promise<Buffer>;
  stream(): NodeJS.ReadWriteStream;
}

const CODINGS = {
  zstd: {
    atOnce: (bytes) => zstdCompressSync(bytes, ZSTD_OPTIONS),
    onThread: (bytes) => promisify(zstdCompress)(bytes, ZSTD_OPTIONS),
    stream: () => createZstdCompress(ZSTD_OPTIONS),
  },
  gzip: {
    atOnce: (bytes) => gzipSync(bytes, GZIP_OPTIONS),
    onThread: (bytes) => promisify(gzip)(bytes, GZIP_OPTIONS),
    stream: () => createGzip(GZIP_OPTIONS),
  },
} as const satisfies Record<string, Coding>;
type CodingName = keyof typeof CODINGS;

export function compressAnswers(app: HttpApp): void {
  let onThreads = 0;
  app.addHook('onSend', (request, reply, payload: unknown, done) => {
    const name = codingFor(request, reply, payload);
    if (name === undefined) {
      done(null, payload);
      return;
    }
    const coding = CODINGS[name];
    if (isStream(payload)) {
      announce(reply, name);
      const compressed = coding.stream();
      payload.on('error', (error) => (compressed as unknown as Readable).destroy(error));
      compressed.on('close', () => payload.destroy());
      done(null, payload.pipe(compressed));
      return;
    }
    const plain = Buffer.from(payload as string);
    const finish = (compressed: Buffer): void => {
      if (compressed.length < plain.length) announce(reply, name);
      done(null, compressed.length < plain.length ? compressed : plain);
    };
    if (plain.length <= AT_ONCE_BYTES_MAX) {
      finish(coding.atOnce(plain));
    } else if (onThreads >= ON_THREADS_MAX) {
      done(null, plain);
    } else {
      onThreads += 1;
      const free = (): void => {
        onThreads -= 1;
      };
      coding.onThread(plain).finally(free).then(finish, done);
    }
  });
}

/** What it is to be compressed with; undefined: it leaves as it is. */
function codingFor(
  { method, headers, routeOptions }: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
): CodingName | undefined {
  const accepted = headers['accept-encoding'];
  if (accepted === undefined || method === 'HEAD' || routeOptions.config.isSecret === true) {
    return undefined;
  }
  if (!isStream(payload) && !isLong(payload)) return undefined;
  if (reply.hasHeader('content-encoding')) return undefined;
  addVary(reply, 'accept-encoding');
  const ranges = mediaRanges(accepted);
  const zstd = weightOf(ranges, 'zstd');
  const weight = weightOf(ranges, 'gzip', '*');
  if (zstd > 0 && zstd >= weight) return 'zstd';
  return weight > 0 ? 'gzip' : undefined;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What it answers holds a secret beside what others may have said: it is not compressed. */
    isSecret?: boolean;
  }
}

function announce(reply: FastifyReply, name: CodingName): void {
  reply.removeHeader('content-length');
  reply.header('content-encoding', name);
}

export function addVary(reply: FastifyReply, name: string): void {
  const before = reply.getHeader('vary');
  reply.header('vary', before === undefined ? name : `${before}, ${name}`);
}

function isLong(payload: unknown): payload is string | Buffer {
  if (typeof payload === 'string') return payload.length >= COMPRESSED_BYTES_MIN;
  return Buffer.isBuffer(payload) && payload.length >= COMPRESSED_BYTES_MIN;
}

function isStream(payload: unknown): payload is Readable {
  return typeof (payload as Readable | null)?.pipe === 'function';
}
