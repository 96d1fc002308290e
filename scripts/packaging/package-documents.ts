/**
 * Writes manual pages and completion scripts, made from the tables of commands and settings:
 *
 *     node scripts/packaging/package-documents.ts [FOLDER]
 *
 * FOLDER is `dist/share` unless given, and looks like /usr/share then.
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bashCompletion } from '../../src/shell/completion/bash-completion.ts';
import { fishCompletion } from '../../src/shell/completion/fish-completion.ts';
import { zshCompletion } from '../../src/shell/completion/zsh-completion.ts';
import { caskctlPage } from './documents/caskctl-page.ts';
import { caskdPage } from './documents/caskd-page.ts';
import { caskctlOutline, caskdOutline } from './documents/outlines.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Every document by its path below `share`. */
export function documents(): Map<string, string> {
  const caskd = caskdOutline();
  const caskctl = caskctlOutline();
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    version: string;
  };
  const all = new Map([
    ['man/man8/caskd.8', caskdPage(caskd, version)],
    ['man/man1/caskctl.1', caskctlPage(caskctl, version)],
  ]);
  for (const program of [caskd, caskctl]) {
    const { name } = program;
    all.set(`bash-completion/completions/${name}`, bashCompletion(program));
    all.set(`zsh/site-functions/_${name}`, zshCompletion(program));
    all.set(`fish/vendor_completions.d/${name}.fish`, fishCompletion(program));
  }
  return all;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = process.argv[2] ?? join(ROOT, 'dist/share');
  for (const [name, text] of documents()) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}
