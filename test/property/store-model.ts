/** What the store should be: a map, and the rules of versions, revisions and expiry. */

import { recordBytes, touchBytes } from '../../src/storage/format/record.ts';
import type { BytesRange } from '../crash/world/inspect.ts';

export interface Held {
  readonly value: string;
  readonly version: number;
  readonly revision: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly expiresAt: number | undefined;
}

/** What of a key's records depends on how it came to be. */
interface Shape {
  /** The put has an expiry. */
  readonly putExpires: boolean;
  /** It was touched since. */
  readonly isTouched: boolean;
}

export interface Condition {
  readonly kind: 'none' | 'absent' | 'present' | 'current' | 'stale';
}

export class StoreModel {
  now: number;
  readonly #held = new Map<string, Held>();
  readonly #shapes = new Map<string, Shape>();
  /** The last revision given out, unless a crash made it jump: then it is learned anew. */
  revision = 0;

  constructor(now: number) {
    this.now = now;
  }

  find(key: string): Held | undefined {
    const held = this.#held.get(key);
    return held?.expiresAt !== undefined && held.expiresAt <= this.now ? undefined : held;
  }

  put(key: string, value: string, ttl: number | 'keep' | undefined): Held {
    const before = this.find(key);
    this.revision += 1;
    const held: Held = {
      value,
      version: (before?.version ?? 0) + 1,
      revision: this.revision,
      createdAt: before?.createdAt ?? this.now,
      updatedAt: this.now,
      expiresAt:
        ttl === 'keep' ? before?.expiresAt : ttl === undefined ? undefined : this.now + ttl,
    };
    this.#held.set(key, held);
    this.#shapes.set(key, { putExpires: held.expiresAt !== undefined, isTouched: false });
    return held;
  }

  /** Another expiry, or none; undefined: there is no such key. */
  touch(key: string, ttl: number | undefined): Held | undefined {
    const before = this.find(key);
    if (before === undefined) return undefined;
    this.revision += 1;
    const expiresAt = ttl === undefined ? undefined : this.now + ttl;
    const held = { ...before, revision: this.revision, updatedAt: this.now, expiresAt };
    this.#held.set(key, held);
    this.#shapes.set(key, { ...(this.#shapes.get(key) as Shape), isTouched: true });
    return held;
  }

  clear(): void {
    this.#held.clear();
    this.revision += 1;
  }

  /** Of all records that make up the key as it is: a merge makes one of a put and its touch. */
  liveBytes(key: string): BytesRange {
    const { value, expiresAt } = this.find(key) as Held;
    const { putExpires, isTouched } = this.#shapes.get(key) as Shape;
    const put = recordBytes(key.length, value.length, putExpires);
    if (!isTouched) return [put, put];
    const expires = expiresAt !== undefined;
    // Touched again, it is the touched put, whatever its expiry, and another touch.
    const most = recordBytes(key.length, value.length, true) + touchBytes(key.length, expires);
    return [recordBytes(key.length, value.length, expires), most];
  }

  delete(key: string): boolean {
    const existed = this.find(key) !== undefined;
    this.#held.delete(key);
    if (existed) this.revision += 1;
    return existed;
  }

  /** @returns how many there were */
  deleteAll(keys: readonly string[]): number {
    return keys.filter((key) => this.delete(key)).length;
  }

  /** The keys in order. */
  keys(): string[] {
    return [...this.#held.keys()]
      .filter((key) => this.find(key) !== undefined)
      .sort((a, b) => Buffer.compare(Buffer.from(a, 'latin1'), Buffer.from(b, 'latin1')));
  }

  meets(key: string, { kind }: Condition): boolean {
    const exists = this.find(key) !== undefined;
    if (kind === 'none') return true;
    if (kind === 'absent') return !exists;
    if (kind === 'present') return exists;
    return kind === 'current';
  }
}
