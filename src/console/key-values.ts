/** Keys and values by /v1/kv. */

import { type Api, ApiError } from './api.ts';
import { bytesOf } from './byte-text.ts';
import type { KeyPage, Position } from './key-entries.ts';
import type { Life } from './life-field.ts';

type Key = Uint8Array<ArrayBuffer>;

export interface Entry {
  readonly value: Key;
  /** As the daemon writes it in an ETag. */
  readonly revision: string;
  /** Ms since 1970; undefined: never. */
  readonly expiresAt: number | undefined;
}

/** As /v1/kv lists them: keys that are not UTF-8 in base64. */
interface ListedKey {
  readonly key?: string;
  readonly key_b64?: string;
  readonly value_bytes?: number;
}

interface ListedPage {
  readonly has_more: boolean;
  readonly results: readonly ListedKey[];
}

const PAGE_KEYS = 200;
const BASE64_URL = { alphabet: 'base64url', omitPadding: true } as const;
const DOT = 0x2e;
const ETAG = /^(?:W\/)?"(.*)"$/;

export class KeyValues {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  /** Undefined: there is no such key. */
  async get(key: Key): Promise<Entry | undefined> {
    try {
      const response = await this.#api.request(pathOf(key));
      const [, revision = ''] = ETAG.exec(response.headers.get('etag') ?? '') ?? [];
      const expires = response.headers.get('x-caskd-expires-at');
      return {
        value: new Uint8Array(await response.arrayBuffer()),
        revision,
        expiresAt: expires === null ? undefined : Date.parse(expires),
      };
    } catch (thrown) {
      if (thrown instanceof ApiError && thrown.code === 'NOT_FOUND') return undefined;
      throw thrown;
    }
  }

  /**
   * @param seen only over this state; undefined: only if there is no such key
   * @throws ApiError CONFLICT
   */
  async put(key: Key, value: Key, life: Life, seen: Entry | undefined): Promise<void> {
    await this.#api.request(`${pathOf(key)}${lifeQuery(life, seen)}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/octet-stream', ...condition(seen) },
      body: value,
    });
  }

  /** @throws ApiError CONFLICT */
  async delete(key: Key, seen: Entry): Promise<void> {
    await this.#api.request(pathOf(key), { method: 'DELETE', headers: condition(seen) });
  }

  /** Keys that begin so, in their order, without values. */
  async list(prefix: Key, start: Position | undefined): Promise<KeyPage> {
    const query = [`keys_only=true&limit=${PAGE_KEYS}`];
    if (prefix.length > 0) query.push(`prefix=${percentEncoded(prefix)}`);
    if (start?.inclusive === true) query.push(`start=${percentEncoded(start.from)}`);
    // a cursor is the last key of a page
    else if (start !== undefined) query.push(`cursor=${start.from.toBase64(BASE64_URL)}`);
    const page = await this.#api.json<ListedPage>(`/v1/kv?${query.join('&')}`);
    const rows = page.results.map((listed) => ({ key: keyOf(listed), bytes: listed.value_bytes }));
    return { rows, hasMore: page.has_more };
  }
}

function keyOf({ key, key_b64: encoded }: ListedKey): Key {
  return key === undefined ? Uint8Array.fromBase64(encoded ?? '') : bytesOf(key);
}

/** A put without a time to live makes a key that does not expire. */
function lifeQuery(life: Life, seen: Entry | undefined): string {
  if (typeof life === 'object') return `?ttl_ms=${life.ttlMs}`;
  if (life === 'for-ever' || seen?.expiresAt === undefined) return '';
  return `?ttl_ms=${Math.max(1, seen.expiresAt - Date.now())}`;
}

function condition(seen: Entry | undefined): Record<string, string> {
  return seen === undefined ? { 'if-none-match': '*' } : { 'if-match': `"${seen.revision}"` };
}

/** @throws Error: browsers take `.` and `..` for folders, however they are written */
function pathOf(key: Key): string {
  if (key.length <= 2 && key.every((byte) => byte === DOT)) {
    throw new Error('a browser cannot ask for this key; use caskctl');
  }
  return `/v1/kv/${percentEncoded(key)}`;
}

/** All but letters, digits and - _ ~, so that no key reads as a path (`..`). */
export function percentEncoded(key: Key): string {
  return Array.from(key, (byte) => {
    const character = String.fromCharCode(byte);
    if (/[A-Za-z0-9_~-]/.test(character)) return character;
    return `%${byte.toString(16).padStart(2, '0')}`;
  }).join('');
}
