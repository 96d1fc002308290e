/** Inputs that failed once, kept for ever: `corpus/<target>/<first bytes of the SHA-256>.bin`. */

import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CORPUS = fileURLToPath(new URL('corpus/', import.meta.url));

/** @returns the path of the file */
export async function keepInput(target: string, input: Buffer): Promise<string> {
  const name = createHash('sha256').update(input).digest('hex').slice(0, 16);
  const directory = join(CORPUS, target);
  await mkdir(directory, { recursive: true });
  const path = join(directory, `${name}.bin`);
  await writeFile(path, input);
  return path;
}

export interface KeptInput {
  readonly target: string;
  readonly name: string;
  readonly input: Buffer;
}

export async function keptInputs(): Promise<KeptInput[]> {
  const kept: KeptInput[] = [];
  for (const entry of await readdir(CORPUS, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.bin')) continue;
    const input = await readFile(join(entry.parentPath, entry.name));
    const target = entry.parentPath.slice(CORPUS.length);
    kept.push({ target, name: entry.name, input });
  }
  return kept;
}
