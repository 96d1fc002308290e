/** Keys and values of a reply stay what they are when the next message overwrites its buffer. */

import { expect, it } from 'vitest';
import { OutputBuffer } from '../../../src/protocol/output-buffer.ts';
import { ReplyReader, SMALL_MESSAGE_BYTES } from '../../../src/protocol/reply-reader.ts';
import { encodeRangeReply } from '../../../src/protocol/reply-writer.ts';
import { pageOfEntries } from '../../fixtures/page-of-entries.ts';

const FRAME_HEADER_BYTES = 5;
const META = { revision: 1, version: 1, createdAt: 1, updatedAt: 1, expiresAt: undefined };

/** One for all messages, as on a connection. */
const reply = new ReplyReader();

it.each([
  ['small', [10, 0, 300]],
  ['many', Array.from({ length: 700 }, (_, row) => (row * 37) % 900)],
  ['middling', Array.from({ length: 40 }, (_, row) => 9000 + row)],
  ['few', [70, 60_000, 10_000]],
  ['nearly large', [5, SMALL_MESSAGE_BYTES - 1, 7, SMALL_MESSAGE_BYTES - 2, 0]],
])('with %s values', (_, lengths) => {
  const entries = lengths.map((length, row) => ({
    key: Buffer.from(`key ${row}`),
    value: Buffer.alloc(length, row),
    ...META,
  }));
  const out = new OutputBuffer();
  encodeRangeReply(out, 1, pageOfEntries(entries, false));
  const message = Buffer.concat([out.take() ?? Buffer.alloc(0)]);
  reply.open(message, FRAME_HEADER_BYTES, message.length);
  const page = reply.readPage();
  message.fill(0xff);
  expect(page.entries.map(({ key, value }) => ({ key, value }))).toEqual(
    entries.map(({ key, value }) => ({ key, value })),
  );
  for (const { key, value } of page.entries) {
    expect(key?.buffer.byteLength).toBeLessThan(SMALL_MESSAGE_BYTES);
    expect(value?.buffer.byteLength).toBeLessThan(SMALL_MESSAGE_BYTES);
  }
});
