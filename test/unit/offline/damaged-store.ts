/** A store of several segments in a directory of its own, and ways to damage it. */

import { cp, mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RecordTypeName } from '../../../src/storage/format/record.ts';
import { openStore, type Store, type StoreOptionsInput } from '../../../src/storage/index.ts';
import type { Finding } from '../../../src/storage/offline/finding.ts';
import {
  copyStore,
  type DumpedStretch,
  dumpSegment,
  repairInPlace,
  verifyStore,
} from '../../../src/storage/offline/index.ts';

export const SEGMENT_BYTES = 128 * 1024;
export const KEYS = 600;
const VALUE_BYTES = 400;

/** Values say whose they are, so that a wrong one is told from a right one. */
export function valueFor(key: string, round: number): string {
  return `${key}/${round}/`.padEnd(VALUE_BYTES, 'x');
}

export function keyOf(index: number): string {
  return `key:${String(index).padStart(4, '0')}`;
}

export interface RecordFacts {
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
  readonly type: RecordTypeName;
  readonly key: string;
  readonly value: string;
  readonly sequence: number;
  readonly isValueRight: boolean;
}

let template: Promise<DamagedStore> | undefined;

/** Removes the store that all are copied from: after all tests of a file. */
export async function removeTemplate(): Promise<void> {
  await (await template)?.[Symbol.asyncDispose]();
}

/** `expected`: what the store holds, by key; `deleted`: what must never come back. */
export class DamagedStore {
  readonly directory: string;
  readonly expected = new Map<string, string>();
  readonly deleted: string[] = [];

  private constructor(directory: string) {
    this.directory = directory;
  }

  /** Every one is a copy of the same: filling it takes longer than damaging it. */
  static async create(): Promise<DamagedStore> {
    template ??= DamagedStore.#fresh().then(async (made) => {
      await made.#fill();
      return made;
    });
    const original = await template;
    const made = await DamagedStore.#fresh();
    await cp(original.directory, made.directory, { recursive: true });
    for (const [key, value] of original.expected) made.expected.set(key, value);
    made.deleted.push(...original.deleted);
    return made;
  }

  static async #fresh(): Promise<DamagedStore> {
    const parent = await mkdtemp(join(tmpdir(), 'caskd-offline-'));
    return new DamagedStore(join(parent, 'data'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(join(this.directory, '..'), { recursive: true });
  }

  open(directory = this.directory, options: Partial<StoreOptionsInput> = {}): Promise<Store> {
    const merge = { automatic: false };
    const usual = {
      segmentBytes: SEGMENT_BYTES,
      durability: 'os',
      merge,
      ballastBytes: 0,
    } as const;
    return openStore({ ...usual, ...options, directory });
  }

  /** About four segments: puts, a batch, overwrites, an empty value, an expiry, deletes. */
  async #fill(): Promise<void> {
    const store = await this.open();
    const puts: Promise<unknown>[] = [];
    for (let index = 0; index < KEYS; index += 1) {
      const key = keyOf(index);
      this.expected.set(key, valueFor(key, 1));
      puts.push(store.put(key, valueFor(key, 1)));
    }
    for (let index = 0; index < 10; index += 1) {
      puts.push(store.put(`gone:${index}`, valueFor(`gone:${index}`, 1)));
      this.deleted.push(`gone:${index}`);
    }
    await Promise.all(puts);
    await store.batch(
      ['a', 'b', 'c'].map((name) => ({ type: 'put', key: `batch:${name}`, value: name })),
    );
    for (const name of ['a', 'b', 'c']) this.expected.set(`batch:${name}`, name);
    await store.put('empty', '');
    await store.put('expires', 'later', { ttlMs: 3_600_000 });
    this.expected.set('empty', '').set('expires', 'later');
    for (let index = 0; index < KEYS; index += 7) {
      await store.put(keyOf(index), valueFor(keyOf(index), 2));
      this.expected.set(keyOf(index), valueFor(keyOf(index), 2));
    }
    for (const key of this.deleted) await store.delete(key);
    await store.close();
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  async names(ending: string): Promise<string[]> {
    return (await readdir(this.directory)).filter((name) => name.endsWith(ending)).sort();
  }

  quarantined(): Promise<string[]> {
    return readdir(join(this.directory, 'quarantine'));
  }

  /** Every record of a segment, and what holds none. */
  async dump(file: string): Promise<{ records: RecordFacts[]; stretches: DumpedStretch[] }> {
    const records: RecordFacts[] = [];
    const stretches: DumpedStretch[] = [];
    await dumpSegment({
      path: this.path(file),
      visitor: {
        header() {},
        record({ key, value, ...record }) {
          const [text, content] = [Buffer.from(key).toString(), Buffer.from(value).toString()];
          records.push({ ...record, file, key: text, value: content });
        },
        stretch(stretch) {
          stretches.push(stretch);
        },
      },
    });
    return { records, stretches };
  }

  /** The records of all log segments. */
  async records(): Promise<RecordFacts[]> {
    const dumps = await Promise.all((await this.names('.log')).map((name) => this.dump(name)));
    return dumps.flatMap(({ records }) => records);
  }

  /** The newest record of a key. */
  async recordOf(key: string): Promise<RecordFacts> {
    const found = (await this.records()).filter((record) => record.key === key).at(-1);
    if (found === undefined) throw new Error(`there is no record of ${key}`);
    return found;
  }

  async flip(name: string, offset: number): Promise<void> {
    const file = await open(this.path(name), 'r+');
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, offset);
    byte[0] = (byte[0] ?? 0) ^ 0x10;
    await file.write(byte, 0, 1, offset);
    await file.close();
  }

  async zero(name: string, offset: number, bytes: number): Promise<void> {
    const file = await open(this.path(name), 'r+');
    await file.write(Buffer.alloc(bytes), 0, bytes, offset);
    await file.close();
  }

  async verify(directory = this.directory) {
    const findings: Finding[] = [];
    const summary = await verifyStore({
      directory,
      report: (finding) => void findings.push(finding),
    });
    const damage = findings.filter(({ level }) => level === 'damage');
    return { findings, damage, kinds: damage.map(({ kind }) => kind), summary };
  }

  async repair() {
    const findings: Finding[] = [];
    const summary = await repairInPlace({
      directory: this.directory,
      report: (finding) => void findings.push(finding),
      confirm: () => Promise.resolve(true),
    });
    return { findings, summary };
  }

  async copy(target: string) {
    const findings: Finding[] = [];
    const summary = await copyStore({
      directory: this.directory,
      target,
      report: (finding) => void findings.push(finding),
    });
    return { findings, summary };
  }

  /** Opens the store and reads everything; what differs from `expected`, by key. */
  async differences(directory = this.directory): Promise<Map<string, string | undefined>> {
    const store = await this.open(directory);
    const differing = new Map<string, string | undefined>();
    try {
      await store.whenIndexReady();
      for (const [key, value] of this.expected) {
        const found = (await store.get(key))?.toString();
        if (found !== value) differing.set(key, found);
      }
      for await (const { key, ...entry } of store.range()) {
        if ('error' in entry || !this.expected.has(key.toString())) {
          differing.set(key.toString(), 'error' in entry ? 'error' : entry.value.toString());
        }
      }
    } finally {
      await store.close();
    }
    return differing;
  }

  /** All bytes of a file. */
  bytes(name: string): Promise<Buffer> {
    return readFile(this.path(name));
  }
}
