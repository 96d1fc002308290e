/**
 * The files of the console, as browsers get them. A build has the scripts beside the page; run from
 * the sources, their types are stripped when the page is first asked for. All are kept in memory:
 * a few hundred KiB, once somebody has looked.
 */

import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { stripTypes } from './strip-types.ts';

export interface ConsoleFile {
  readonly type: string;
  readonly body: Buffer;
  /** Strong, in its quotes. */
  readonly etag: string;
}

const FOLDER = new URL('../../console/', import.meta.url);
/** Where the library for charts has what browsers take. */
const CHARTS: Readonly<Record<string, string>> = {
  'uplot.js': 'uPlot.esm.js',
  'uplot.css': 'uPlot.min.css',
};
const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  ts: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};
const SCRIPT = /(?<!\.d)\.ts$/;
const SERVED = /\.(html|css|js|svg)$/;

export class ConsoleFiles {
  #files: Promise<ReadonlyMap<string, ConsoleFile>> | undefined;

  /** Undefined: there is no such file. */
  async find(name: string): Promise<ConsoleFile | undefined> {
    this.#files ??= loadAll();
    try {
      return (await this.#files).get(name);
    } catch (thrown) {
      this.#files = undefined;
      throw thrown;
    }
  }
}

async function loadAll(): Promise<ReadonlyMap<string, ConsoleFile>> {
  const files = new Map<string, ConsoleFile>();
  const add = (name: string, body: Buffer): void => {
    files.set(name, { type: typeOf(name), body, etag: etagOf(body) });
  };
  const names = await readdir(FOLDER);
  for (const name of names.filter((one) => SERVED.test(one))) {
    add(name, await readFile(new URL(name, FOLDER)));
  }
  const scripts = names.filter((one) => SCRIPT.test(one));
  if (scripts.length > 0) {
    const stripped = await stripTypes(scripts.map((name) => new URL(name, FOLDER)));
    for (const [index, name] of scripts.entries()) add(name, Buffer.from(stripped[index] ?? ''));
    // the page asks for it by the name that a build gives it
    const main = files.get('main.ts');
    if (main !== undefined) files.set('main.js', main);
  }
  const charts = new URL(import.meta.resolve('uplot'));
  for (const [name, original] of Object.entries(CHARTS)) {
    add(name, await readFile(new URL(original, charts)));
  }
  return files;
}

function typeOf(name: string): string {
  return TYPES[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
}

function etagOf(body: Buffer): string {
  return `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
}
