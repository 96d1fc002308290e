/** A bug that is put into the engine's source when its modules are loaded. */

import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

export interface SourceEdit {
  /** Below `src/storage/`. */
  readonly file: string;
  /** Occurs exactly once. */
  readonly find: string;
  readonly replace: string;
}

export interface Mutation {
  readonly name: string;
  readonly edits: readonly SourceEdit[];
  /**
   * Standard tasks of seed 1 that noticed it once, and may be tried first where the others would
   * take long. When they do so no longer, as workloads or engine have changed, the search goes
   * through all tasks: look for better ones then.
   */
  readonly knownTasks?: readonly number[];
}

const STORAGE = new URL('../../src/storage/', import.meta.url);

/** The source with the edit. @throws Error when the edit is stale */
export function edited(source: string, edit: SourceEdit): string {
  const count = source.split(edit.find).length - 1;
  if (count !== 1) {
    throw new Error(`stale mutation: "${edit.find}" occurs ${count} times in ${edit.file}`);
  }
  // A function: no dollar sign in the replacement means anything.
  return source.replace(edit.find, () => edit.replace);
}

/** From now on the modules that the mutation names are loaded with its bug in them. */
export function applyMutation(mutation: Mutation): void {
  const editsOf = new Map<string, SourceEdit[]>();
  for (const edit of mutation.edits) {
    const url = new URL(edit.file, STORAGE).href;
    editsOf.set(url, [...(editsOf.get(url) ?? []), edit]);
  }
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      const edits = editsOf.get(url);
      if (edits === undefined) return loaded;
      const text = Buffer.from(loaded.source as Uint8Array).toString('utf8');
      return { ...loaded, source: edits.reduce(edited, text) };
    },
  });
}

/** Where a file of the engine is. */
export function sourcePath(file: string): string {
  return fileURLToPath(new URL(file, STORAGE));
}
