/**
 * Wins back what free lists by exact size cannot reuse: empties the sparsest chunk, in slices.
 *
 * First every free block of the chunk is taken off its list, so that nothing new is put there;
 * then every live entry is copied elsewhere and its owner told. Entries may come and go between
 * slices. With the bounds below, free blocks stay under a fifth of the arena (or 1 MiB), which
 * keeps the keydir within 1.3 times a fresh load.
 */

import type { EntryArena } from './entry-arena.ts';

/** Free bytes above this share of all blocks start an evacuation. */
const FREE_SHARE_MAX = 0.2;
/** And not before there are this many of them. */
const FREE_BYTES_MIN = 1024 * 1024;
/** Moving an entry costs about as much as looking at this many blocks. */
const MOVE_COST = 16;

/** Whoever holds references. Called while both blocks hold the entry. */
export interface EntryMover {
  entryMoved(from: number, to: number): void;
}

type Phase = 'idle' | 'detaching' | 'moving';

export class ArenaCompactor {
  readonly #arena: EntryArena;
  readonly #mover: EntryMover;
  #phase: Phase = 'idle';
  /** The next block to look at; 0: the end of the chunk. */
  #cursor = 0;
  #first = 0;

  constructor(arena: EntryArena, mover: EntryMover) {
    this.#arena = arena;
    this.#mover = mover;
  }

  /** Whether `step` has work. O(1). */
  get isNeeded(): boolean {
    if (this.#phase !== 'idle') return true;
    const free = this.#arena.bytesFree;
    return free > FREE_BYTES_MIN && free > this.#arena.bytesInBlocks * FREE_SHARE_MAX;
  }

  /**
   * Moves at most about `budgetEntries` entries (1-3 us each); returns whether work is left.
   * References that were got before are void after it.
   */
  step(budgetEntries: number): boolean {
    let budget = budgetEntries * MOVE_COST;
    while (budget > 0 && this.isNeeded) {
      if (this.#phase === 'idle' && !this.#begin()) return false;
      if (this.#phase === 'detaching') budget = this.#detach(budget);
      else budget = this.#move(budget);
    }
    return this.isNeeded;
  }

  #begin(): boolean {
    const chunk = this.#arena.evacuationBegin();
    if (chunk < 0) return false;
    this.#first = this.#arena.firstBlock(chunk);
    this.#cursor = this.#first;
    this.#phase = 'detaching';
    return true;
  }

  #detach(budget: number): number {
    const arena = this.#arena;
    let left = budget;
    let ref = this.#cursor;
    for (; ref !== 0 && left > 0; left--) {
      if (arena.isFree(ref)) arena.detachFree(ref);
      ref = arena.nextBlock(ref);
    }
    this.#cursor = ref;
    if (ref === 0) {
      this.#cursor = this.#first;
      this.#phase = 'moving';
    }
    return left;
  }

  #move(budget: number): number {
    const arena = this.#arena;
    let left = budget;
    let ref = this.#cursor;
    while (ref !== 0 && left > 0) {
      const next = arena.nextBlock(ref);
      if (!arena.isFree(ref)) {
        const copy = arena.copyEntry(ref);
        if (copy === 0) return 0; // not one block left: whatever frees one lets this go on
        this.#mover.entryMoved(ref, copy);
        arena.free(ref);
        left -= MOVE_COST;
      }
      left--;
      ref = next;
    }
    this.#cursor = ref;
    if (ref === 0) {
      arena.evacuationEnd();
      this.#phase = 'idle';
    }
    return left;
  }
}
