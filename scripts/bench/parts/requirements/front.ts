/** What the requirements are measured through: our client, or REST. */

export interface Front {
  readonly name: string;
  /** @throws when there is no such key */
  get(key: string): Promise<void>;
  put(key: string, value: string): Promise<void>;
  /** All or nothing. */
  batch(items: readonly { readonly key: string; readonly value: string }[]): Promise<void>;
  /** @returns how many entries there were, and where to go on; undefined: nothing follows */
  page(
    prefix: string,
    limit: number,
    cursor?: string,
  ): Promise<{ readonly count: number; readonly cursor: string | undefined }>;
  /** Reads one key over so many connections. @returns reads a second */
  readRate(key: string, connections: number, ms: number): Promise<number>;
  close(): Promise<void>;
}
