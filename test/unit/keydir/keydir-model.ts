/** A plain keydir to compare with: a Map, and what the engine would see of it. */

import { expect } from 'vitest';
import { Keydir } from '../../../src/storage/keydir/keydir.ts';

export interface ModelEntry {
  readonly key: Buffer;
  slot: number;
  offset: number;
  recordBytes: number;
  readonly sequence: number;
  readonly version: number;
  readonly createdAt: number;
  readonly expiresAt: number;
}

export const SEED = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);

export class KeydirModel {
  readonly keydir = new Keydir({ maxBytes: 2 ** 34, seed: SEED });
  readonly entries = new Map<string, ModelEntry>();
  #sequence = 2 ** 40;

  nextSequence(): number {
    this.#sequence += 1 + (this.#sequence % 7) * 1e6;
    return this.#sequence;
  }

  /** An entry with fields that follow from its sequence. */
  entry(key: Buffer, sequence: number, expiresAt: number): ModelEntry {
    return {
      key,
      slot: sequence % 65_536,
      offset: (sequence * 31) % 2 ** 32,
      recordBytes: (sequence * 17) % 2 ** 30,
      sequence,
      version: (sequence * 13) % 2 ** 32,
      createdAt: (sequence * 3) % 2 ** 43,
      expiresAt,
    };
  }

  put(key: Buffer, expiresAt = 0): void {
    const e = this.entry(key, this.nextSequence(), expiresAt);
    const padded = Buffer.concat([Buffer.from([9]), key]);
    const ref = this.keydir.upsert(
      padded,
      1,
      key.length,
      e.slot,
      e.offset,
      e.recordBytes,
      e.sequence,
      e.version,
      e.createdAt,
      e.expiresAt,
    );
    expect(ref).toBeGreaterThan(0);
    this.expectPrevious(this.entries.get(name(key)));
    this.entries.set(name(key), e);
  }

  remove(key: Buffer): void {
    const present = this.entries.get(name(key));
    expect(this.keydir.remove(key, 0, key.length)).toBe(present !== undefined);
    this.expectPrevious(present);
    this.entries.delete(name(key));
  }

  relocate(key: Buffer, right: boolean): void {
    const present = this.entries.get(name(key));
    const sequence = (present?.sequence ?? 5) + (right ? 0 : 1);
    const done = this.keydir.relocate(key, 0, key.length, sequence, 7, 4_000_000_000, 99);
    expect(done).toBe(present !== undefined && right);
    if (!done || present === undefined) return;
    present.slot = 7;
    present.offset = 4_000_000_000;
    present.recordBytes = 99;
  }

  expectPrevious(previous: ModelEntry | undefined): void {
    expect(this.keydir.previousSlot).toBe(previous?.slot ?? -1);
    expect(this.keydir.previousRecordBytes).toBe(previous?.recordBytes ?? -1);
    expect(this.keydir.previousSequence).toBe(previous?.sequence ?? -1);
  }

  expectEntry(key: Buffer): void {
    const { keydir } = this;
    const ref = keydir.find(key, 0, key.length);
    const e = this.entries.get(name(key));
    if (e === undefined) {
      expect(ref).toBe(0);
      return;
    }
    expect(ref).toBeGreaterThan(0);
    const copy = Buffer.alloc(key.length + 2);
    expect(keydir.copyKey(ref, copy, 1)).toBe(key.length);
    expect(copy.subarray(1, -1).equals(key)).toBe(true);
    const actual: Omit<ModelEntry, 'key'> = {
      slot: keydir.segmentSlot(ref),
      offset: keydir.offset(ref),
      recordBytes: keydir.recordBytes(ref),
      sequence: keydir.sequence(ref),
      version: keydir.version(ref),
      createdAt: keydir.createdAt(ref),
      expiresAt: keydir.expiresAt(ref),
    };
    const { key: _key, ...expected } = e;
    expect(actual).toEqual(expected);
  }

  sortedKeys(): Buffer[] {
    return [...this.entries.values()].map((e) => e.key).sort(Buffer.compare);
  }

  /** The key of a reference; undefined for none. */
  keyOf(ref: number): Buffer | undefined {
    if (ref === 0) return undefined;
    const key = Buffer.alloc(this.keydir.keyLength(ref));
    this.keydir.copyKey(ref, key, 0);
    return key;
  }

  /** Everything there is, looked up and walked both ways. */
  expectAll(): void {
    const { keydir } = this;
    expect(keydir.count).toBe(this.entries.size);
    for (const e of this.entries.values()) this.expectEntry(e.key);
    if (!keydir.indexReady) return;
    const sorted = this.sortedKeys();
    const cursor = keydir.newCursor();
    const forward: (Buffer | undefined)[] = [];
    for (let ref = cursor.first(); ref !== 0; ref = cursor.next()) forward.push(this.keyOf(ref));
    const backward: (Buffer | undefined)[] = [];
    for (let ref = cursor.last(); ref !== 0; ref = cursor.previous()) {
      backward.push(this.keyOf(ref));
    }
    expectKeys(forward, sorted);
    expectKeys(backward.reverse(), sorted);
  }

  expectSeeks(key: Buffer, sorted: readonly Buffer[]): void {
    const cursor = this.keydir.newCursor();
    const at = sorted.findIndex((k) => Buffer.compare(k, key) >= 0);
    const from = at < 0 ? sorted.length : at;
    const isExact = from < sorted.length && Buffer.compare(sorted[from] as Buffer, key) === 0;
    const past = isExact ? from + 1 : from;
    const seek = (mode: Parameters<typeof cursor.seek>[3]) =>
      nameOf(this.keyOf(cursor.seek(key, 0, key.length, mode)));
    expect(seek('atOrAfter')).toBe(nameOf(sorted[from]));
    if (from < sorted.length)
      expect(nameOf(this.keyOf(cursor.next()))).toBe(nameOf(sorted[from + 1]));
    expect(seek('after')).toBe(nameOf(sorted[past]));
    expect(seek('before')).toBe(nameOf(sorted[from - 1]));
    expect(seek('atOrBefore')).toBe(nameOf(sorted[past - 1]));
    if (past > 0) expect(nameOf(this.keyOf(cursor.previous()))).toBe(nameOf(sorted[past - 2]));
  }
}

export function name(key: Buffer): string {
  return key.toString('latin1');
}

function nameOf(key: Buffer | undefined): string | undefined {
  return key === undefined ? undefined : name(key);
}

function expectKeys(actual: readonly (Buffer | undefined)[], expected: readonly Buffer[]): void {
  expect(actual.length).toBe(expected.length);
  const wrong = actual.findIndex((key, i) => key?.equals(expected[i] as Buffer) !== true);
  expect(wrong).toBe(-1);
}

/** A small deterministic generator, for bulk keys inside a property. */
export function randomizer(seed: number): (limit: number) => number {
  let state = seed | 0 || 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

const PREFIXES = ['', '\0', '\xff', '\xff\xff', 'user:', 'user:\0', `deep/${'path/'.repeat(14)}`];

/** Keys with shared prefixes, prefixes of each other, 0x00 and 0xff, and long ones. */
export function keyFrom(random: (limit: number) => number): Buffer {
  const prefix = PREFIXES[random(PREFIXES.length)] as string;
  const kind = random(200);
  if (kind === 0) return Buffer.from(prefix + 'x'.repeat(300 - prefix.length), 'latin1');
  const alphabet = kind < 100 ? '\0\x01a\xff' : 'abcdefghijklmnopqrstuvwxyz0123456789';
  const length = 1 + random(kind < 100 ? 5 : 4);
  let key = prefix;
  for (let i = 0; i < length; i++) key += alphabet[random(alphabet.length)];
  return Buffer.from(key, 'latin1');
}
