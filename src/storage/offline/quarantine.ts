/**
 * Damaged files are kept: they go to `quarantine/` within the directory. They get their second
 * name there before the manifest drops them, and lose the first one after: whatever cuts that
 * short, an open never finds an unlisted file that it might remove while it is the only copy.
 */

import { type FileSystem, systemErrorCode } from '../disk/file-system.ts';
import type { FindingSink } from './finding.ts';
import { QUARANTINE } from './offline-directory.ts';

/** File systems without hard links say one of these. */
const NO_LINKS: ReadonlySet<string | undefined> = new Set([
  'EPERM',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
]);

export class Quarantine {
  readonly #fs: FileSystem;
  readonly #directory: string;
  readonly #report: FindingSink;
  /** Files that have their second name, or, without links, are to be renamed to it. */
  readonly #taken: { readonly name: string; readonly kept: string; readonly isLinked: boolean }[] =
    [];
  #isReady = false;

  constructor(fs: FileSystem, directory: string, report: FindingSink) {
    this.#fs = fs;
    this.#directory = directory;
    this.#report = report;
  }

  /** Gives a file its name in quarantine; missing files are passed over. */
  async take(name: string): Promise<void> {
    const path = `${this.#directory}/${name}`;
    if ((await this.#fs.sizeOf(path)) === undefined) return;
    await this.#prepare();
    const kept = await this.#freeName(name);
    let isLinked = true;
    try {
      await this.#fs.link(path, `${this.#directory}/${kept}`);
    } catch (error) {
      if (!NO_LINKS.has(systemErrorCode(error))) throw error;
      isLinked = false;
    }
    this.#taken.push({ name, kept, isLinked });
  }

  /** Makes the names in quarantine durable. */
  async sync(): Promise<void> {
    if (this.#isReady) await this.#fs.syncDirectory(`${this.#directory}/${QUARANTINE}`);
  }

  /** Takes away the first names, once nothing refers to them; `replaced` are gone already. */
  async release(replaced: ReadonlySet<string>): Promise<void> {
    for (const { name, kept, isLinked } of this.#taken) {
      const path = `${this.#directory}/${name}`;
      if (!isLinked) await this.#fs.rename(path, `${this.#directory}/${kept}`);
      else if (!replaced.has(name)) await this.#fs.unlink(path);
      const message = `it is kept as ${kept}`;
      await this.#report({ level: 'done', kind: 'quarantined', file: name, message });
    }
    if (this.#taken.length === 0) return;
    await this.sync();
    await this.#fs.syncDirectory(this.#directory);
  }

  /** Renames at once what the caller is about to write anew, where it could not be linked. */
  async moveUnlinked(name: string): Promise<void> {
    const at = this.#taken.findIndex((file) => file.name === name && !file.isLinked);
    const [file] = at < 0 ? [] : this.#taken.splice(at, 1);
    if (file === undefined) return;
    await this.#fs.rename(`${this.#directory}/${name}`, `${this.#directory}/${file.kept}`);
    const message = `it is kept as ${file.kept}`;
    await this.#report({ level: 'done', kind: 'quarantined', file: name, message });
  }

  async #prepare(): Promise<void> {
    if (this.#isReady) return;
    const path = `${this.#directory}/${QUARANTINE}`;
    if ((await this.#fs.kindOf(path)) === 'missing') {
      await this.#fs.makeDirectory(path);
      await this.#fs.syncDirectory(this.#directory);
    }
    this.#isReady = true;
  }

  async #freeName(name: string): Promise<string> {
    const plain = `${QUARANTINE}/${name}`;
    for (let number = 0; ; number += 1) {
      const kept = number === 0 ? plain : `${plain}.${number}`;
      if ((await this.#fs.sizeOf(`${this.#directory}/${kept}`)) === undefined) return kept;
    }
  }
}
