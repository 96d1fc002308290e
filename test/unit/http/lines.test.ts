/** NDJSON: a range of any size in little memory, at the reader's pace; and how it breaks off. */

import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CaskError } from '../../../src/errors/cask-error.ts';
import type { Entry, RangePage } from '../../../src/storage/entry.ts';
import type { RangeOptions } from '../../../src/vocabulary/entry.ts';
import { type HttpFixture, openFixture } from './http-fixture.ts';

const VALUE = Buffer.from(JSON.stringify({ text: 'x'.repeat(60) }));

let fixture: HttpFixture;
/** Entries that the endless store gave out. */
let given: number;
let endAt: number;
let failAt: number;

beforeEach(async () => {
  fixture = await openFixture({ timeoutMs: 60_000 });
  given = 0;
  endAt = 0;
  failAt = Number.POSITIVE_INFINITY;
  const open = fixture.store.openSession.bind(fixture.store);
  fixture.store.openSession = (sink) => Object.assign(open(sink), { range: pageOfMany });
  fixture.http.serving({ store: fixture.store, server: fixture.server });
});

afterEach(() => fixture[Symbol.asyncDispose]());

/** A store of so many entries that holds none of them. */
async function pageOfMany({ after, limit = 1 }: RangeOptions): Promise<RangePage<Entry>> {
  const first = after === undefined ? 0 : Number(after.toString()) + 1;
  if (first >= failAt) throw new CaskError('IO_ERROR', 'the disk failed');
  const count = Math.min(limit, endAt - first);
  given += count;
  const entries = Array.from({ length: count }, (_, index) => ({
    key: Buffer.from(String(first + index)),
    value: VALUE,
    ...{ revision: 1, version: 1, createdAt: 0, updatedAt: 0, expiresAt: undefined },
  }));
  return { entries, more: first + count < endAt };
}

function ask(): Promise<IncomingMessage> {
  const headers = { accept: 'application/x-ndjson' };
  return new Promise((resolve, reject) => {
    get(`${fixture.url}/v1/kv`, { headers, agent: false }, resolve).on('error', reject);
  });
}

test('two hundred thousand entries take no more memory than two thousand', async () => {
  endAt = 200_000;
  const response = await ask();
  let lines = 0;
  let residentAtStart = 0;
  let residentMost = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    for (const byte of chunk) if (byte === 10) lines += 1;
    const resident = process.memoryUsage().arrayBuffers;
    if (residentAtStart === 0 && lines > 2000) residentAtStart = resident;
    residentMost = Math.max(residentMost, resident);
  }
  expect(lines).toBe(200_000);
  // all of it is some 40 MB
  expect(residentMost - residentAtStart).toBeLessThan(16 * 1024 * 1024);
});

test('who does not read is not read for', async () => {
  endAt = 10_000_000;
  const response = await ask();
  await once(response, 'readable');
  let before = -1;
  // the kernel's buffers fill, and then nothing more is asked of the store
  await vi.waitFor(
    () => {
      const grown = given !== before;
      before = given;
      expect(grown).toBe(false);
    },
    { interval: 300, timeout: 10_000 },
  );
  expect(given).toBeLessThan(500_000);
  expect(fixture.http.counters.inFlight).toBe(1);
  response.destroy();
  await vi.waitFor(() => expect(fixture.http.counters.inFlight).toBe(0));
});

test('what fails at once is a problem; what fails later breaks off, and says why', async () => {
  endAt = 10_000;
  failAt = 0;
  const refused = await ask();
  expect(refused.statusCode).toBe(500);
  refused.resume();
  failAt = 5000;
  const broken = await ask();
  const chunks: Buffer[] = [];
  broken.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(broken, 'error');
  const lines = Buffer.concat(chunks).toString().trimEnd().split('\n');
  expect(JSON.parse(lines.at(-1) ?? '')).toEqual({
    problem: { code: 'IO_ERROR', detail: 'the disk failed', retryable: false },
  });
  expect(lines).toHaveLength(5001);
});
