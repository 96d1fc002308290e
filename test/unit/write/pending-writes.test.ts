import { describe, expect, it } from 'vitest';
import {
  encodeRecord,
  RECORD_HEADER_BYTES,
  RECORD_PUT,
} from '../../../src/storage/format/record.ts';
import type { Group } from '../../../src/storage/write/group.ts';
import { PendingWrites } from '../../../src/storage/write/pending-writes.ts';
import { SeededRandom } from '../../simulation/seeded-random.ts';

const SEED = Number(process.env['SEED'] ?? 20_261_122);
const KEY_BYTES = 6;
const KEYS = 4000;
const RECORD_BYTES = RECORD_HEADER_BYTES + KEY_BYTES;

interface Pending {
  readonly group: Group;
  readonly recordAt: number;
}

/** Few hashes, so that keys share them and slots crowd. */
const keydir = {
  hashOf: (buffer: Uint8Array, start: number, length: number): number => {
    const number = Number(Buffer.from(buffer.subarray(start, start + length)).toString());
    return number % 3 === 0 ? number % 50 : (Math.imul(number, 0x9e37_79b1) >>> 0) % 5000;
  },
};

function keyOf(number: number): Buffer {
  return Buffer.from(String(number).padStart(KEY_BYTES, '0'));
}

class Records {
  readonly group = { buffer: Buffer.alloc(400 * RECORD_BYTES) } as unknown as Group;
  #length = 0;

  get isFull(): boolean {
    return this.#length + RECORD_BYTES > this.group.buffer.length;
  }

  add(key: Buffer): Pending {
    const at = this.#length;
    const facts = [key, 0, key.length, key, 0, 0, 1, 0, 1, 0, 0, 0] as const;
    this.#length = encodeRecord(this.group.buffer, at, 1, at, RECORD_PUT, 0, ...facts);
    return { group: this.group, recordAt: at };
  }
}

/** The table beside a map. */
class Checked {
  readonly pending = new PendingWrites(keydir);
  readonly groups: Records[] = [];
  readonly #model = new Map<string, Pending>();

  write(key: Buffer): void {
    const { group, recordAt } = (this.groups.at(-1) as Records).add(key);
    this.pending.set(group, recordAt, keydir.hashOf(key, 0, KEY_BYTES), key, 0, KEY_BYTES);
    this.#model.set(key.toString(), { group, recordAt });
  }

  forgetOldest(left: number): void {
    for (const { group: gone } of this.groups.splice(0, Math.max(0, this.groups.length - left))) {
      this.pending.forget(gone);
      for (const [name, { group }] of this.#model) if (group === gone) this.#model.delete(name);
    }
  }

  check(key: Buffer): void {
    const { pending } = this;
    const wanted = this.#model.get(key.toString());
    expect(pending.find(key, 0, key.length), key.toString()).toBe(wanted !== undefined);
    if (wanted === undefined) return;
    expect(pending.foundGroup).toBe(wanted.group);
    expect(pending.foundRecordAt).toBe(wanted.recordAt);
  }

  checkAll(): void {
    for (let number = 0; number < KEYS; number += 1) this.check(keyOf(number));
  }
}

describe('PendingWrites', () => {
  it(`knows the newest write of each key, group by group (seed ${SEED})`, () => {
    const random = new SeededRandom(SEED);
    const checked = new Checked();
    const { groups } = checked;
    for (let step = 0; step < 60_000; step += 1) {
      // one group at once for a while, then more
      const groupsMax = random.chance(0.0005) ? 0 : 1 + (Math.floor(step / 5000) % 8);
      checked.forgetOldest(groupsMax);
      const needsGroup = groups.at(-1)?.isFull ?? true;
      if (needsGroup || random.chance(0.01)) groups.push(new Records());
      checked.write(keyOf(random.below(KEYS)));
      checked.check(keyOf(random.below(KEYS)));
      if (step % 2000 === 0) checked.checkAll();
    }
  });

  it('forgets a clear with its group', () => {
    const pending = new PendingWrites(keydir);
    const { group } = new Records();
    pending.setClear(group, 7);
    expect(pending.clearSequence).toBe(7);
    pending.forget(new Records().group);
    expect(pending.clearGroup).toBe(group);
    pending.forget(group);
    expect([pending.clearSequence, pending.clearGroup]).toEqual([0, undefined]);
  });
});
