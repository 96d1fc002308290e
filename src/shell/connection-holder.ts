/** The one connection of a shell: made when it is first needed, and again after it was lost. */

import type { Connector } from './shell.ts';
import type { ShellClient } from './shell-client.ts';

const CLOSE_PATIENCE_MS = 500;

export class ConnectionHolder {
  readonly #connect: Connector;
  readonly #url: string;
  #client: Promise<ShellClient> | undefined;

  constructor(connect: Connector, url: string) {
    this.#connect = connect;
    this.#url = url;
  }

  get url(): string {
    return this.#url;
  }

  client(): Promise<ShellClient> {
    this.#client ??= this.#connect(this.#url).catch((error: unknown) => {
      // the next command tries again
      this.#client = undefined;
      throw error;
    });
    return this.#client;
  }

  /** Waits a moment for what is underway, e.g. a merge that Ctrl-C gave up, and no longer. */
  async close(): Promise<void> {
    const client = await this.#client?.catch(() => undefined);
    this.#client = undefined;
    if (client === undefined) return;
    const patience = setTimeout(() => client.destroy(), CLOSE_PATIENCE_MS);
    await client.close();
    clearTimeout(patience);
  }
}
