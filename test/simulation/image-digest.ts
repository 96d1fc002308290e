/** Names disk images by their content, so that equal ones are visited once. */

import { hash } from 'node:crypto';
import { applyEntryOperations, applyOperations, type DiskSnapshot } from './simulated-disk.ts';

/** Hex digits that fit into a number exactly: 52 bits. */
const DIGITS = 13;

const contentDigests = new WeakMap<Uint8Array, string>();

function contentDigest(bytes: Uint8Array): string {
  const known = contentDigests.get(bytes);
  if (known !== undefined) return known;
  const digest = hash('sha1', bytes, 'hex').slice(0, DIGITS);
  contentDigests.set(bytes, digest);
  return digest;
}

/** A number above 0 that stands for all names and bytes that are visible on the disk. */
export function imageDigest(image: DiskSnapshot): number {
  const parts: string[] = [];
  for (const [path, { durable, pending }] of image.directories) {
    const entries = pending.length === 0 ? durable : applyEntryOperations(durable, pending);
    for (const name of [...entries.keys()].sort()) {
      const file = image.files.get(entries.get(name) as number);
      const bytes = file === undefined ? NO_BYTES : applyOperations(file.durable, file.pending);
      parts.push(path, name, contentDigest(bytes));
    }
  }
  const digest = hash('sha1', parts.join('\n'), 'hex').slice(0, DIGITS);
  return Number.parseInt(digest, 16) || 1;
}

const NO_BYTES = new Uint8Array(0);
const SLOTS_MIN = 1 << 12;

/** A set of digests, each with a small label, in typed arrays: ten million take 300 MiB at most. */
export class DigestSet {
  #slots = new Float64Array(SLOTS_MIN);
  #labels = new Uint8Array(SLOTS_MIN);
  size = 0;

  /** False when it was there already; the first label counts. */
  add(digest: number, label: number): boolean {
    const at = this.#find(digest);
    if (this.#slots[at] === digest) return false;
    this.#slots[at] = digest;
    this.#labels[at] = label;
    this.size += 1;
    if (this.size * 2 > this.#slots.length) this.#grow();
    return true;
  }

  /** All digests and their labels, in two columns. */
  columns(): { readonly digests: Float64Array; readonly cells: Uint8Array } {
    const digests = new Float64Array(this.size);
    const cells = new Uint8Array(this.size);
    let row = 0;
    for (const [at, digest] of this.#slots.entries()) {
      if (digest === 0) continue;
      digests[row] = digest;
      cells[row] = this.#labels[at] as number;
      row += 1;
    }
    return { digests, cells };
  }

  #find(digest: number): number {
    const mask = this.#slots.length - 1;
    let at = (digest % 0xffff_fffb) & mask;
    while (this.#slots[at] !== 0 && this.#slots[at] !== digest) at = (at + 1) & mask;
    return at;
  }

  #grow(): void {
    const slots = this.#slots;
    const labels = this.#labels;
    this.#slots = new Float64Array(slots.length * 2);
    this.#labels = new Uint8Array(slots.length * 2);
    for (const [from, digest] of slots.entries()) {
      if (digest === 0) continue;
      const at = this.#find(digest);
      this.#slots[at] = digest;
      this.#labels[at] = labels[from] as number;
    }
  }
}
