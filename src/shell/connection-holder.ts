/** The one connection of a shell: made when it is first needed, and again after it was lost. */

import { UsageError } from './exit-codes.ts';
import { askPassword } from './password-prompt.ts';
import type { ServerTarget } from './server-target.ts';
import type { Connector } from './shell.ts';
import type { ShellClient } from './shell-client.ts';
import { isTerminal, type ShellIo } from './shell-io.ts';

const CLOSE_PATIENCE_MS = 500;

export class ConnectionHolder {
  readonly #connect: Connector;
  readonly #io: ShellIo;
  #target: ServerTarget;
  #client: Promise<ShellClient> | undefined;
  #mayAsk = true;

  constructor(connect: Connector, target: ServerTarget, io: ShellIo) {
    this.#connect = connect;
    this.#target = target;
    this.#io = io;
  }

  get url(): string {
    return this.#target.url;
  }

  /** The terminal is somebody else's from here on: a password that is missing stays so. */
  askNoMore(): void {
    this.#mayAsk = false;
  }

  client(): Promise<ShellClient> {
    this.#client ??= this.#open().catch((error: unknown) => {
      // the next command tries again
      this.#client = undefined;
      throw error;
    });
    return this.#client;
  }

  async #open(): Promise<ShellClient> {
    const { user, password } = this.#target;
    if (user !== undefined && password === undefined) {
      this.#target = { ...this.#target, password: await this.#askFor(user) };
    }
    return this.#connect(this.#target);
  }

  #askFor(user: string): Promise<string> {
    if (this.#mayAsk && isTerminal(this.#io.stdin)) {
      return askPassword(this.#io, `Password of ${user}: `);
    }
    throw new UsageError(`the password of ${user} is missing: give it in CASKCTL_PASSWORD`);
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
