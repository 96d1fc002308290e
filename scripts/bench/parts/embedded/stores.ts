/** caskd's store, and the stores that it is compared with. */

import { join } from 'node:path';
import { openStore } from '../../../../src/storage/index.ts';
import { loadPeer } from '../../servers/peer-packages.ts';
import type { OpenStore } from './embedded-store.ts';

const PAGE = 1000;

const caskd: OpenStore = async (directory, isDurable) => {
  const durability = isDurable ? 'always' : 'os';
  const store = await openStore({ directory: join(directory, 'caskd'), durability });
  await store.whenIndexReady();
  return {
    putMany: async (entries) => {
      if (entries.length > 1)
        await store.batch(entries.map((entry) => ({ type: 'put', ...entry })));
      else for (const { key, value } of entries) await store.put(key, value);
    },
    get: (key) => store.get(key),
    scan: async () => {
      let count = 0;
      for await (const entry of store.range({ pageSize: PAGE })) {
        if ('error' in entry) throw entry.error;
        count += 1;
      }
      return count;
    },
    close: () => store.close(),
  };
};

interface Lmdb {
  open(options: object): {
    get(key: string): Buffer | undefined;
    put(key: string, value: Buffer): Promise<boolean>;
    transactionSync<T>(work: () => T): T;
    getRange(): Iterable<unknown>;
    close(): Promise<void>;
  };
}

const lmdb: OpenStore = async (directory, isDurable) => {
  const path = join(directory, 'lmdb');
  const options = { path, encoding: 'binary', overlappingSync: false, noSync: !isDurable };
  const database = (loadPeer('lmdb') as Lmdb).open(options);
  return {
    putMany: async (entries) => {
      await Promise.all(entries.map(({ key, value }) => database.put(key, value)));
    },
    get: (key) => database.get(key),
    scan: async () => {
      let count = 0;
      for (const _ of database.getRange()) count += 1;
      return count;
    },
    close: () => database.close(),
  };
};

interface LevelDatabase {
  open(): Promise<void>;
  get(key: string): Promise<Buffer | undefined>;
  batch(operations: readonly object[], options: object): Promise<void>;
  iterator(options: object): { nextv(size: number): Promise<unknown[]>; close(): Promise<void> };
  close(): Promise<void>;
}

const level: OpenStore = async (directory, isDurable) => {
  const { ClassicLevel } = loadPeer('classic-level') as {
    ClassicLevel: new (path: string, options: object) => LevelDatabase;
  };
  const database = new ClassicLevel(join(directory, 'level'), { valueEncoding: 'buffer' });
  await database.open();
  return {
    putMany: (entries) =>
      database.batch(
        entries.map((entry) => ({ type: 'put', ...entry })),
        { sync: isDurable },
      ),
    get: (key) => database.get(key),
    scan: async () => {
      const iterator = database.iterator({ highWaterMarkBytes: 1024 * 1024 });
      let count = 0;
      for (let page = await iterator.nextv(PAGE); page.length > 0; ) {
        count += page.length;
        page = await iterator.nextv(PAGE);
      }
      await iterator.close();
      return count;
    },
    close: () => database.close(),
  };
};

interface SqliteStatement {
  run(...values: unknown[]): unknown;
  get(key: string): { readonly value: Buffer } | undefined;
  iterate(): Iterable<unknown>;
}

interface SqliteDatabase {
  pragma(text: string): unknown;
  exec(text: string): unknown;
  prepare(text: string): SqliteStatement;
  close(): void;
}

const sqlite: OpenStore = async (directory, isDurable) => {
  const Database = loadPeer('better-sqlite3') as new (path: string) => SqliteDatabase;
  const database = new Database(join(directory, 'sqlite'));
  database.pragma('journal_mode = WAL');
  database.pragma(`synchronous = ${isDurable ? 'FULL' : 'OFF'}`);
  database.exec('CREATE TABLE IF NOT EXISTS kv (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID');
  const put = database.prepare('INSERT OR REPLACE INTO kv VALUES (?, ?)');
  const get = database.prepare('SELECT value FROM kv WHERE key = ?');
  const all = database.prepare('SELECT key, value FROM kv ORDER BY key');
  return {
    putMany: async (entries) => {
      database.exec('BEGIN');
      for (const { key, value } of entries) put.run(key, value);
      database.exec('COMMIT');
    },
    get: (key) => get.get(key)?.value,
    scan: async () => {
      let count = 0;
      for (const _ of all.iterate()) count += 1;
      return count;
    },
    close: async () => database.close(),
  };
};

export const STORES = { caskd, lmdb, 'classic-level': level, 'better-sqlite3': sqlite } as const;

export type StoreName = keyof typeof STORES;
