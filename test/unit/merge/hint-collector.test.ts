import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RECORD_DELETE, RECORD_PUT } from '../../../src/storage/format/record.ts';
import { HintCollector } from '../../../src/storage/merge/hint-collector.ts';

const key = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 12 }),
  fc.uint8Array({ minLength: 0, maxLength: 9 }).map((tail) => Uint8Array.from([7, 7, 7, ...tail])),
  fc.constantFrom(Uint8Array.of(7, 7, 7), Uint8Array.of(7, 7, 7, 0), Uint8Array.of(7, 7, 7, 0, 0)),
);

test('the newest record of each key comes out, ascending by key', () => {
  const record = fc.record({ key, isDelete: fc.boolean() });
  fc.assert(
    fc.property(fc.array(record, { maxLength: 80 }), (records) => {
      const collector = new HintCollector();
      const newest = new Map<string, { sequence: number; offset: number; isDelete: boolean }>();
      for (const [index, { key: bytes, isDelete }] of records.entries()) {
        // Not in the order of sequences, as after a merge.
        const sequence = ((index * 7919) % 1009) + 1;
        const offset = 80 + index * 100;
        const times = { createdAt: 5, updatedAt: 6 + index, expiresAt: 0 };
        const fields = { version: 1, ...times, valueSequence: 0 };
        const type = isDelete ? RECORD_DELETE : RECORD_PUT;
        const at = { keyStart: 0, keyBytes: bytes.length, recordBytes: 44 + bytes.length };
        collector.add(bytes, { type, ...at, sequence, ...fields }, offset);
        const name = Buffer.from(bytes).toString('hex');
        if ((newest.get(name)?.sequence ?? 0) < sequence) {
          newest.set(name, { sequence, offset, isDelete });
        }
      }
      // One object is yielded again and again: it is looked at at once.
      const found = Array.from(collector.sorted(), (entry) => [
        Buffer.from(
          entry.keyBuffer.subarray(entry.keyStart, entry.keyStart + entry.keyBytes),
        ).toString('hex'),
        entry.sequence,
        entry.offset,
        entry.type === RECORD_DELETE,
      ]);
      const expected = [...newest]
        .sort(([a], [b]) => Buffer.compare(Buffer.from(a, 'hex'), Buffer.from(b, 'hex')))
        .map(([name, { sequence, offset, isDelete }]) => [name, sequence, offset, isDelete]);
      expect(found).toEqual(expected);
      expect(collector.count).toBe(records.length);
      expect(collector.latestUpdatedAt).toBe(records.length === 0 ? 0 : 5 + records.length);
    }),
    { numRuns: 500 },
  );
});
