/** The least that every embedded store can do. */

export interface EmbeddedStore {
  /** Together, durable or not as it was opened. */
  putMany(entries: readonly { readonly key: string; readonly value: Buffer }[]): Promise<void>;
  get(key: string): Promise<Buffer | undefined> | Buffer | undefined;
  /** All entries in order. @returns how many there were */
  scan(): Promise<number>;
  close(): Promise<void>;
}

/** @param isDurable whether a write is synced before it resolves */
export type OpenStore = (directory: string, isDurable: boolean) => Promise<EmbeddedStore>;
