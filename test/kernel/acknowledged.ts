/** What was acknowledged, and what was refused with which error: written, then compared. */

import { type CaskClient, CaskError } from '../../src/client/index.ts';

export interface Refusal {
  readonly key: string;
  readonly code: string;
  /** Did the server say so, and not the client upon losing the connection? */
  readonly byServer: boolean;
}

/** A value of about 1 KiB that says which it is. */
export function valueOfKey(key: string): string {
  return `${key} `.repeat(Math.ceil(1000 / (key.length + 1)));
}

export class Acknowledged {
  readonly keys = new Set<string>();
  readonly deleted = new Set<string>();
  readonly refusals: Refusal[] = [];

  get codes(): string[] {
    return [...new Set(this.refusals.map(({ code }) => code))].sort();
  }

  /** Puts one key; true when it was acknowledged. */
  async put(client: CaskClient<'utf8'>, key: string): Promise<boolean> {
    try {
      await client.put(key, valueOfKey(key));
      this.keys.add(key);
      this.deleted.delete(key);
      return true;
    } catch (thrown) {
      this.refusals.push(refusalOf(key, thrown));
      return false;
    }
  }

  async delete(client: CaskClient<'utf8'>, key: string): Promise<boolean> {
    try {
      await client.delete(key);
      this.keys.delete(key);
      this.deleted.add(key);
      return true;
    } catch (thrown) {
      this.refusals.push(refusalOf(key, thrown));
      return false;
    }
  }

  /** Puts `count` keys, so many at a time; ends when a group of them all failed. */
  async putMany(
    client: CaskClient<'utf8'>,
    prefix: string,
    count: number,
    atOnce = 8,
  ): Promise<void> {
    for (let first = 0; first < count; first += atOnce) {
      const group = Array.from({ length: Math.min(atOnce, count - first) }, (_, index) =>
        this.put(client, `${prefix}${String(first + index).padStart(6, '0')}`),
      );
      if (!(await Promise.all(group)).includes(true)) return;
    }
  }

  /** What is acknowledged and is not there, or not as it was written; and what was deleted and is. */
  async lost(client: CaskClient<'utf8'>): Promise<string[]> {
    const keys = [...this.keys];
    const values = await client.getMany(keys);
    const lost = keys.filter((key, index) => values[index] !== valueOfKey(key));
    const gone = [...this.deleted];
    const back = await client.getMany(gone);
    return [...lost, ...gone.filter((_, index) => back[index] !== undefined)];
  }
}

function refusalOf(key: string, thrown: unknown): Refusal {
  if (!(thrown instanceof CaskError)) throw thrown;
  const byServer = !(thrown.cause instanceof CaskError) && thrown.code !== 'CONNECTION_LOST';
  return { key, code: thrown.code, byServer };
}
