/**
 * What a key is just before a write: the newest pending write of it, or else what is committed.
 * Conditions, versions and creation times follow from it.
 */

import {
  CONDITION_IF_ABSENT,
  CONDITION_IF_PRESENT,
  CONDITION_NONE,
} from '../../vocabulary/write-arguments.ts';
import { RECORD_DELETE, RecordView, viewTrustedRecord } from '../format/record.ts';
import type { Keydir } from '../keydir/keydir.ts';
import type { Group } from './group.ts';
import type { PendingWrites } from './pending-writes.ts';

/** One per writer, filled in anew for each key. */
export class PriorState {
  exists = false;
  revision = 0;
  version = 0;
  createdAt = 0;
  expiresAt = 0;
  /** Of the put that has the value; 0: there is none. */
  valueSequence = 0;
  /** When the key was changed last, where the record of its value does not say so; 0: it does. */
  touchedAt = 0;
  /** The uncommitted group that all this depends on; `view` has the record in its buffer. */
  dependsOn: Group | undefined;
  /** The committed entry, when it does not depend on a group; 0: there is none. */
  ref = 0;
  /** Of the key, and as of when `ref` is valid (`Keydir.moves`). */
  hash = 0;
  moves = 0;
  /** The keydir has no entry for the key. */
  isNewToKeydir = false;
  readonly #keydir: Keydir;
  readonly #pending: PendingWrites;
  readonly #now: () => number;
  readonly view = new RecordView();
  /** Where in its buffer. */
  recordAt = 0;

  /** @param now is asked only where an expiry has to be judged */
  constructor(keydir: Keydir, pending: PendingWrites, now: () => number) {
    this.#keydir = keydir;
    this.#pending = pending;
    this.#now = now;
  }

  /**
   * Looks the key up; what has expired does not exist.
   * @param at as of when, in ms since 1970. @default now
   */
  look(buffer: Uint8Array, start: number, length: number, at?: number): void {
    const keydir = this.#keydir;
    const hash = keydir.hashOf(buffer, start, length);
    const ref = keydir.find(buffer, start, length, hash);
    this.hash = hash;
    this.moves = keydir.moves;
    this.isNewToKeydir = ref === 0;
    this.ref = ref;
    if (this.#pending.find(buffer, start, length, hash)) {
      this.#fromPending();
    } else {
      this.dependsOn = undefined;
      this.exists = ref !== 0;
      if (ref !== 0) this.#fromKeydir(ref);
    }
    const { clearSequence } = this.#pending;
    if (clearSequence > 0 && (this.dependsOn === undefined || this.view.sequence < clearSequence)) {
      this.#afterClear();
    }
    if (this.exists && this.expiresAt !== 0 && this.expiresAt <= (at ?? this.#now())) {
      this.exists = false;
    }
    if (!this.exists) this.#setAbsent();
  }

  #setAbsent(): void {
    this.revision = 0;
    this.version = 0;
    this.createdAt = 0;
    this.expiresAt = 0;
    this.valueSequence = 0;
    this.touchedAt = 0;
  }

  #fromKeydir(ref: number): void {
    const keydir = this.#keydir;
    this.revision = keydir.sequence(ref);
    this.version = keydir.version(ref);
    this.createdAt = keydir.createdAt(ref);
    if (!keydir.isSpecial(ref)) {
      this.expiresAt = 0;
      this.valueSequence = this.revision;
      this.touchedAt = 0;
      return;
    }
    this.expiresAt = keydir.expiresAt(ref);
    this.valueSequence = keydir.valueSequence(ref);
    this.touchedAt = keydir.touchedAt(ref);
  }

  /** Nothing that came before it is there any more. */
  #afterClear(): void {
    this.dependsOn = this.#pending.clearGroup;
    this.exists = false;
    this.isNewToKeydir = true;
  }

  #fromPending(): void {
    const group = this.#pending.foundGroup as Group;
    const { view } = this;
    this.recordAt = this.#pending.foundRecordAt;
    viewTrustedRecord(group.buffer, this.recordAt, view);
    this.dependsOn = group;
    const isTouch = view.valueSequence > 0;
    this.exists = view.type !== RECORD_DELETE;
    this.valueSequence = isTouch ? view.valueSequence : view.sequence;
    this.touchedAt = isTouch ? view.updatedAt : 0;
    this.revision = view.sequence;
    this.version = view.version;
    this.createdAt = view.createdAt;
    this.expiresAt = view.expiresAt;
  }

  /** Whether a write with this condition may go ahead. */
  meets(condition: number): boolean {
    if (condition === CONDITION_NONE) return true;
    if (condition === CONDITION_IF_ABSENT) return !this.exists;
    if (condition === CONDITION_IF_PRESENT) return this.exists;
    return this.revision === condition;
  }
}
