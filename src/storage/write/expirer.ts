/** Removes from the keydir what has expired, in slices. The log needs no record of it. */

import type { EngineClock } from '../disk/engine-clock.ts';
import { type Cancellable, type Environment, nextTurn } from '../disk/environment.ts';
import { RECORD_TOUCH, RecordView, viewTrustedRecord } from '../format/record.ts';
import type { Keydir } from '../keydir/keydir.ts';
import type { SegmentCatalog } from '../log/segment-catalog.ts';
import type { Group } from './group.ts';
import type { GroupCommit } from './group-commit.ts';
import type { PendingWrites } from './pending-writes.ts';

const INTERVAL_MS = 500;
const ENTRIES_PER_SLICE = 500;
const KEY_BYTES_MAX = 65_535;

export class Expirer {
  readonly #environment: Environment;
  readonly #keydir: Keydir;
  readonly #catalog: SegmentCatalog;
  readonly #clock: EngineClock;
  readonly #key = Buffer.allocUnsafeSlow(KEY_BYTES_MAX);
  #timer: Cancellable | undefined;
  #running: Promise<void> | undefined;
  #closed = false;
  retired = 0;
  readonly #pending: PendingWrites;
  readonly #commit: GroupCommit;
  readonly #view = new RecordView();
  /** Settles when the touches are committed, or have failed, for which something was spared. */
  #sparing: Promise<void> | undefined;

  constructor(
    environment: Environment,
    keydir: Keydir,
    catalog: SegmentCatalog,
    clock: EngineClock,
    pending: PendingWrites,
    commit: GroupCommit,
  ) {
    this.#environment = environment;
    this.#keydir = keydir;
    this.#catalog = catalog;
    this.#clock = clock;
    this.#pending = pending;
    this.#commit = commit;
  }

  start(): void {
    this.#timer = this.#environment.scheduler.after(INTERVAL_MS, () => {
      void this.retireDue().then(() => {
        if (!this.#closed) this.start();
      });
    });
  }

  /** Resolves when nothing that is due by now is left. */
  async retireDue(): Promise<void> {
    while (this.isDue) {
      this.#running ??= this.#retire().finally(() => {
        this.#running = undefined;
      });
      await this.#running;
      await this.#sparing;
    }
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  /** Something is due that is not retired. */
  get isDue(): boolean {
    if (this.#closed) return false;
    if (this.#sparing !== undefined) return true;
    const next = this.#keydir.nextExpiry;
    return next !== 0 && next <= this.#clock.now();
  }

  async #retire(): Promise<void> {
    while (!this.#closed) {
      for (let count = 0; count < ENTRIES_PER_SLICE; count += 1) {
        if (!this.#retireOne()) return;
      }
      await nextTurn(this.#environment.scheduler);
    }
  }

  #retireOne(): boolean {
    const keydir = this.#keydir;
    const ref = keydir.popDue(this.#clock.now());
    if (ref === 0) return false;
    const length = keydir.keyLength(ref);
    keydir.copyKey(ref, this.#key, 0);
    if (this.#isBeingTouched(length)) {
      this.#spare();
    } else if (keydir.remove(this.#key, 0, length)) {
      this.#catalog.subtractDisplaced(keydir);
      this.retired += 1;
    }
    return true;
  }

  /** A touch was sequenced in time: it needs the entry, and its commit gives that another expiry. */
  #isBeingTouched(keyBytes: number): boolean {
    const pending = this.#pending;
    if (!pending.find(this.#key, 0, keyBytes)) return false;
    viewTrustedRecord((pending.foundGroup as Group).buffer, pending.foundRecordAt, this.#view);
    return this.#view.type === RECORD_TOUCH;
  }

  /** Should it fail, what was spared is due again by then. */
  #spare(): void {
    if (this.#sparing !== undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#sparing = promise;
    const over = (): void => {
      this.#sparing = undefined;
      resolve();
    };
    if (!this.#commit.afterSequenced({ committed: over, failed: over })) over();
  }
}
