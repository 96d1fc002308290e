/**
 * This machine as the root of something that is tried out: what it writes goes into a layer of its
 * own, and mounts live in a namespace that ends with the commands run in it. Only root may do so.
 */

import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** How a command is run within. */
export interface Inside {
  /** `UID:GID` */
  readonly user: string;
  readonly folder: string;
  /** All that there is in the environment. */
  readonly environment: Readonly<Record<string, string>>;
}

export class OverlayRoot {
  readonly #place: string;

  /** @param place a folder for the layer */
  constructor(place: string) {
    this.#place = place;
    for (const name of ['layer', 'work', 'root']) {
      mkdirSync(join(place, name), { recursive: true });
    }
  }

  /** Where everything is seen together, while it is mounted. */
  get root(): string {
    return join(this.#place, 'root');
  }

  /** The layer's own file at an absolute path. */
  own(path: string): string {
    return join(this.#place, 'layer', path);
  }

  /** Runs lines of bash after the mounts; the first that fails ends it. @returns the exit code */
  run(lines: readonly string[]): number {
    const at = (name: string): string => join(this.#place, name);
    const layers = `lowerdir=/,upperdir=${at('layer')},workdir=${at('work')}`;
    const mounts = [
      'set -e',
      `mount -t overlay overlay -o ${layers} ${this.root}`,
      ...['dev', 'proc'].map((name) => `mount --rbind /${name} ${join(this.root, name)}`),
    ];
    const script = [...mounts, ...lines].join('\n');
    const options = { stdio: 'inherit' } as const;
    return spawnSync('unshare', ['--mount', '--', 'bash', '-c', script], options).status ?? 1;
  }

  /** The line that runs a command with this root as its root. */
  line({ user, folder, environment }: Inside, words: readonly string[]): string {
    const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
    const chroot = ['chroot', `--userspec=${user}`, this.root, 'env', '-i', `--chdir=${folder}`];
    return [...chroot, ...variables, ...words].map(shellWord).join(' ');
  }
}

/** Why nothing can be tried here; undefined: it can. */
export function overlayObstacle(): string | undefined {
  const { status } = spawnSync('unshare', ['--mount', 'true']);
  return status === 0 ? undefined : 'only root may mount, and this needs a root of its own';
}

export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
