/** Peers from npm, in a folder outside of the repository, so that nothing of it depends on them. */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The versions that are compared with. */
const PACKAGES = {
  lmdb: '3.5.6',
  'classic-level': '3.0.0',
  'better-sqlite3': '13.2.0',
  etcd3: '1.1.2',
} as const;

export type PeerPackage = keyof typeof PACKAGES;

const FOLDER = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'caskd-bench');
const MANIFEST = join(FOLDER, 'package.json');
const INSTALL = ['install', '--no-audit', '--no-fund', '--ignore-scripts'];

/** Installs all of them when asked for the first. @returns undefined, or why it cannot be used */
export function whyPeerMissing(name: PeerPackage): string | undefined {
  const manifest = `${JSON.stringify({ private: true, dependencies: PACKAGES })}\n`;
  const isInstalled =
    existsSync(MANIFEST) &&
    readFileSync(MANIFEST, 'utf8') === manifest &&
    existsSync(join(FOLDER, 'node_modules', name));
  if (!isInstalled) {
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(MANIFEST, manifest);
    spawnSync('npm', INSTALL, { cwd: FOLDER, stdio: 'ignore' });
  }
  try {
    loadPeer(name);
    return undefined;
  } catch (thrown) {
    const [why] = String(thrown).split('\n');
    return `${name} ${PACKAGES[name]} cannot be loaded from ${FOLDER}: ${why}`;
  }
}

export function peerVersion(name: PeerPackage): string {
  return PACKAGES[name];
}

/** @throws when it is not there */
export function loadPeer(name: PeerPackage): unknown {
  return createRequire(MANIFEST)(name) as unknown;
}
