/** What the store should be: a map, and the rules of versions, revisions and expiry. */

export interface Held {
  readonly value: string;
  readonly version: number;
  readonly revision: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly expiresAt: number | undefined;
}

export interface Condition {
  readonly kind: 'none' | 'absent' | 'present' | 'current' | 'stale';
}

export class StoreModel {
  now: number;
  readonly #held = new Map<string, Held>();
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
    return held;
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
