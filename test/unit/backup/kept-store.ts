/** A store that is written to, a model of each state that it was in, and a place for backups. */

import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Environment } from '../../../src/storage/disk/environment.ts';
import { createNodeEnvironment } from '../../../src/storage/disk/node-environment.ts';
import {
  type BackupOptions,
  type BackupResult,
  openStore,
  type Store,
  type StoreOptionsInput,
} from '../../../src/storage/index.ts';
import {
  type Finding,
  type RestorePoint,
  type RestoreSummary,
  restoreStore,
  verifyStore,
} from '../../../src/storage/offline/index.ts';
import { InlineJobHost } from '../../crash/world/inline-jobs.ts';

/** In memory where the system has that. */
const SCRATCH = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

export const SEGMENT_BYTES = 16 * 1024;

/** Jobs run in this thread: starting one costs nothing. */
export function inlineEnvironment(): Environment {
  const jobs = new InlineJobHost();
  const environment = { ...createNodeEnvironment(), jobs };
  jobs.environment = environment;
  return environment;
}

export type State = ReadonlyMap<string, string>;

export class KeptStore {
  readonly root: string;
  store: Store;
  /** What the store held once a revision was given out. */
  readonly states = new Map<number, State>([[0, new Map()]]);
  #current: Map<string, string> = new Map();
  #restored = 0;

  private constructor(root: string, store: Store) {
    this.root = root;
    this.store = store;
  }

  static async create(options: Partial<StoreOptionsInput> = {}): Promise<KeptStore> {
    const root = await mkdtemp(join(SCRATCH, 'caskd-backup-'));
    return new KeptStore(root, await open(join(root, 'data'), options));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store.close();
    await rm(this.root, { recursive: true });
  }

  get directory(): string {
    return join(this.root, 'data');
  }

  get backups(): string {
    return join(this.root, 'backups');
  }

  async reopen(options: Partial<StoreOptionsInput> = {}): Promise<void> {
    await this.store.close();
    this.store = await open(this.directory, options);
  }

  /** What the store holds now. */
  get current(): State {
    return new Map(this.#current);
  }

  /** Keys with a value of 900 bytes each. */
  async fill(count: number, prefix = 'key'): Promise<void> {
    for (let index = 0; index < count; index += 1) {
      await this.put(`${prefix}:${index}`, 'v'.repeat(900));
    }
  }

  async put(key: string, value: string): Promise<number> {
    const { revision } = await this.store.put(key, value);
    this.#current.set(key, value);
    this.#note(revision);
    return revision;
  }

  async delete(key: string): Promise<number> {
    await this.store.delete(key);
    this.#current.delete(key);
    const { committedRevision } = this.store.stats();
    this.#note(committedRevision);
    return committedRevision;
  }

  /** The revisions of the items; only the last of them is that of a state. */
  async batch(entries: Readonly<Record<string, string>>): Promise<number[]> {
    const items = Object.entries(entries);
    const results = await this.store.batch(
      items.map(([key, value]) => ({ type: 'put', key, value })),
    );
    for (const [key, value] of items) this.#current.set(key, value);
    const revisions = results.map(({ revision }) => revision ?? 0);
    this.#note(revisions.at(-1) ?? 0);
    return revisions;
  }

  #note(revision: number): void {
    this.states.set(revision, new Map(this.#current));
  }

  backup(options: Partial<BackupOptions> = {}): Promise<BackupResult> {
    return this.store.backup({ directory: this.backups, ...options });
  }

  async restore(
    backup: string = this.backups,
    point: RestorePoint = {},
  ): Promise<{ target: string; summary: RestoreSummary; findings: Finding[] }> {
    this.#restored += 1;
    const target = join(this.root, `restored-${this.#restored}`);
    const findings: Finding[] = [];
    const report = (finding: Finding): void => void findings.push(finding);
    const summary = await restoreStore({ backup, target, report, ...point });
    return { target, summary, findings };
  }

  /** The state that a restored store holds; it is also sound, and goes on above its source. */
  async stateOf(target: string, summary: RestoreSummary): Promise<State> {
    const verified = await verifyStore({ directory: target, report() {} });
    expect(verified).toMatchObject({ clean: true, closed: true });
    const store = await open(target);
    try {
      expect(store.uuid).toBe(summary.uuid);
      expect(store.uuid).not.toBe(this.store.uuid);
      expect(store.stats()).toMatchObject({ damage: [], degraded: false });
      expect(store.stats().opened).toMatchObject({ clean: true });
      const state = await readAll(store);
      const { revision } = await store.put('after', 'the restore');
      expect(revision).toBe(summary.nextRevision);
      expect(revision).toBeGreaterThan(this.store.stats().lastRevision);
      return state;
    } finally {
      await store.close();
    }
  }
}

export function open(directory: string, options: Partial<StoreOptionsInput> = {}): Promise<Store> {
  const merge = { automatic: false, ...options.merge };
  const usual = { segmentBytes: SEGMENT_BYTES, durability: 'os', ballastBytes: 0 } as const;
  const environment = inlineEnvironment();
  return openStore({ ...usual, environment, ...options, merge, directory });
}

export async function readAll(store: Store): Promise<State> {
  await store.whenIndexReady();
  const state = new Map<string, string>();
  for await (const entry of store.range()) {
    if ('error' in entry) throw entry.error;
    state.set(entry.key.toString(), entry.value.toString());
  }
  return state;
}

export async function segmentsIn(directory: string): Promise<string[]> {
  return (await readdir(directory)).filter((name) => /\.(log|merged)$/.test(name)).sort();
}

/** Resolves when there is a backup in the making. */
export async function untilBegun(directory: string): Promise<void> {
  for (;;) {
    const names = await readdir(directory).catch(() => []);
    if (names.some((name) => name.endsWith('.tmp'))) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
