/**
 * Notices that files were changed, by looking at them now and then: a look at a name sees a
 * replaced file, a changed one and a changed link alike, on every file system.
 */

import { stat } from 'node:fs/promises';

/** How often to look. */
const LOOK_INTERVAL_MS = 1000;

export interface FileChangesOptions {
  readonly paths: readonly string[];
  /** Called once the files have changed and then stayed the same for one look. */
  readonly onChange: () => Promise<void>;
  readonly intervalMs?: number;
}

export class FileChanges {
  readonly #options: FileChangesOptions;
  readonly #timer: NodeJS.Timeout;
  /** As they were when `onChange` was called last, or at the start. */
  #known: string;
  /** As they were at the last look. */
  #seen: string;
  #looking = false;

  /** Files are as they were when this is called, so call it before they are read. */
  static async watch(options: FileChangesOptions): Promise<FileChanges> {
    return new FileChanges(options, await signatureOf(options.paths));
  }

  private constructor(options: FileChangesOptions, signature: string) {
    this.#options = options;
    this.#known = signature;
    this.#seen = signature;
    const { intervalMs = LOOK_INTERVAL_MS } = options;
    this.#timer = setInterval(() => void this.look(), intervalMs);
    this.#timer.unref();
  }

  /** One look. A file that is being written changes from look to look: it is waited for. */
  async look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      const signature = await signatureOf(this.#options.paths);
      const isQuiet = signature === this.#seen;
      this.#seen = signature;
      if (signature === this.#known || !isQuiet) return;
      this.#known = signature;
      await this.#options.onChange();
    } finally {
      this.#looking = false;
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

/** What changes when a file is written, replaced, removed, or gets another mode. */
async function signatureOf(paths: readonly string[]): Promise<string> {
  const parts = paths.map(async (path) => {
    try {
      const { ino, size, mtimeMs, ctimeMs, mode } = await stat(path);
      return [ino, size, mtimeMs, ctimeMs, mode].join(' ');
    } catch (thrown) {
      return String(thrown);
    }
  });
  return (await Promise.all(parts)).join('\n');
}
