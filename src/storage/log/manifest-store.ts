/**
 * The manifest of an open store: what the catalogue says, made durable. One writer at a time;
 * requests that come while one is written share the next one.
 */

import type { EngineClock } from '../disk/engine-clock.ts';
import { type FileSystem, isShortage } from '../disk/file-system.ts';
import {
  type DamageFacts,
  historyFloorTimeOf,
  type Manifest,
  writeManifest,
} from '../format/manifest.ts';
import type { SegmentCatalog } from './segment-catalog.ts';

export class ManifestStore {
  readonly #fs: FileSystem;
  readonly #directory: string;
  readonly #catalog: SegmentCatalog;
  readonly #clock: EngineClock;
  /** The last one published; fields that the catalogue does not know live here. */
  #current: Manifest;
  #obsolete: Set<string>;
  #running: Promise<void> | undefined;
  #queued: Promise<void> | undefined;
  #reverts: (() => void)[] = [];
  /** What the store, or a write of a manifest other than for want of space, failed of. */
  #failure: unknown;
  readonly #unlinked = new Set<string>();
  /** Tells how many keys there are. */
  keyCount: () => number;

  constructor(
    fs: FileSystem,
    directory: string,
    catalog: SegmentCatalog,
    clock: EngineClock,
    manifest: Manifest,
  ) {
    this.#fs = fs;
    this.#directory = directory;
    this.#catalog = catalog;
    this.#clock = clock;
    this.#current = manifest;
    this.#obsolete = new Set(manifest.obsolete);
    this.keyCount = () => manifest.keys;
  }

  get uuid(): Uint8Array {
    return this.#current.uuid;
  }

  get epoch(): number {
    return this.#current.epochs.at(-1)?.[0] ?? 1;
  }

  get historyFloor(): number {
    return this.#current.historyFloor;
  }

  /** The last one published, or read; of segments the catalogue knows more. */
  get current(): Manifest {
    return this.#current;
  }

  get damage(): readonly DamageFacts[] {
    return this.#current.damage;
  }

  /** Takes note of quarantined ranges; those that are known already are not repeated. */
  addDamage(ranges: readonly DamageFacts[]): void {
    const known = new Set(
      this.#current.damage.map(({ segment, offset }) => `${segment}:${offset}`),
    );
    const added = ranges.filter(({ segment, offset }) => !known.has(`${segment}:${offset}`));
    this.#current = { ...this.#current, damage: [...this.#current.damage, ...added] };
  }

  get obsolete(): readonly string[] {
    return [...this.#obsolete];
  }

  get persistedEngineTime(): number {
    return this.#current.engineTime;
  }

  /** The store has failed: what is on the disk now is what the next open finds. */
  stop(error: unknown): void {
    this.#failure ??= error;
  }

  /** Why no manifest is written any more; undefined: they are. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Files that the next manifest calls obsolete, and that are unlinked after it. */
  addObsolete(fileName: string): void {
    this.#obsolete.add(fileName);
  }

  /** The file is part of the store after all, or durably gone: it is mentioned no more. */
  dropObsolete(fileName: string): void {
    this.#obsolete.delete(fileName);
  }

  /** The file was unlinked: it is mentioned until a manifest has made that durable with itself. */
  noteUnlinked(fileName: string): void {
    this.#unlinked.add(fileName);
  }

  /** Every write up to `historyFloor` was committed by then; 0: that is not known. */
  get historyFloorTime(): number {
    return historyFloorTimeOf(this.#current);
  }

  /** When all segments had been read for damage last; 0: never. */
  get scrubbedAt(): number {
    return this.#current.scrubbedAt ?? 0;
  }

  /** Remembers it; for want of space, the next manifest does. */
  async noteScrubbed(ms: number): Promise<void> {
    this.#current = { ...this.#current, scrubbedAt: ms };
    try {
      await this.publish();
    } catch (error) {
      if (!isShortage(error)) throw error;
    }
  }

  /** Raises the floor for the manifest to come; a revert sets it back. */
  setHistoryFloor(sequence: number, ms: number): void {
    const historyFloorTime = [sequence, ms] as const;
    this.#current = { ...this.#current, historyFloor: sequence, historyFloorTime };
  }

  /**
   * Writes a manifest that says what the catalogue says at the moment the writing starts, which
   * is after this call. Resolves when it is durable.
   *
   * @param revert is called when that manifest certainly has not come to be (no space, no descriptor for it),
   * before any other is written: it takes back what it would have said
   */
  publish(revert?: () => void): Promise<void> {
    if (revert !== undefined) this.#reverts.push(revert);
    if (this.#running === undefined) {
      const first = this.#write();
      this.#running = first;
      return first;
    }
    this.#queued ??= this.#after(this.#running);
    return this.#queued;
  }

  async #after(running: Promise<void>): Promise<void> {
    // How the one before ended is its own callers' matter.
    await running.catch(() => {});
    this.#queued = undefined;
    const next = this.#write();
    this.#running = next;
    return next;
  }

  async #write(): Promise<void> {
    // Which manifest is in place is not known any more: no other is put there.
    if (this.#failure !== undefined) throw this.#failure;
    const manifest = this.#snapshot();
    const reverts = this.#reverts.splice(0);
    const unlinked = [...this.#unlinked];
    try {
      await writeManifest(this.#fs, this.#directory, manifest);
      // The directory was synced after these were unlinked.
      for (const name of unlinked) {
        this.#unlinked.delete(name);
        this.#obsolete.delete(name);
      }
      // Fields may have moved on while it was written; only the generation is taken over.
      this.#current = {
        ...this.#current,
        generation: manifest.generation,
        lastSequence: manifest.lastSequence,
        keys: manifest.keys,
        engineTime: manifest.engineTime,
      };
    } catch (error) {
      if (isShortage(error)) for (const revert of reverts) revert();
      else this.#failure ??= error;
      throw error;
    } finally {
      if (this.#queued === undefined) this.#running = undefined;
    }
  }

  /** Of what is sealed or merged away; recovery expects the records of open segments above it. */
  #lastSequence(): number {
    let highest = this.#current.lastSequence;
    for (const { state, last } of this.#catalog.all()) {
      if (state === 'sealed' || state === 'obsolete') highest = Math.max(highest, last);
    }
    return highest;
  }

  /** The manifest of a store that consists of the sealed segments alone. */
  sealedState(): Manifest {
    const manifest = this.#snapshot();
    const segments = manifest.segments.filter(({ state }) => state === 'sealed');
    const ids = new Set(segments.map(({ id }) => id));
    const damage = manifest.damage.filter(({ segment }) => ids.has(segment));
    return { ...manifest, segments, damage, obsolete: [] };
  }

  #snapshot(): Manifest {
    const segments = this.#catalog
      .all()
      .filter((segment) => segment.state !== 'obsolete' && segment.state !== 'planned');
    const listed = new Set(segments.map((segment) => segment.id));
    const { history: _, ...current } = this.#current;
    const history = segments
      .filter((segment) => segment.historyBytes > 0)
      .map(({ id, historyBytes, historyUntil }) => {
        return { segment: id, bytes: historyBytes, until: historyUntil };
      });
    return {
      ...current,
      ...(history.length === 0 ? {} : { history }),
      generation: this.#current.generation + 1,
      engineTime: Math.max(this.#current.engineTime, this.#clock.latest),
      nextSegmentId: this.#catalog.nextId,
      keys: this.keyCount(),
      lastSequence: this.#lastSequence(),
      obsolete: [...this.#obsolete],
      damage: this.#current.damage.filter(({ segment }) => listed.has(segment)),
      segments: segments.map((segment) => ({
        id: segment.id,
        kind: segment.kind,
        state: segment.state as 'prepared' | 'open' | 'sealed',
        salt: segment.salt,
        base: segment.base,
        last: segment.last,
        min: segment.min,
        bytes: segment.bytes,
        records: segment.records,
      })),
    };
  }
}
