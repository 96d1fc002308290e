/**
 * Builds the Debian package and tries it: installed, run as its user, upgraded, removed, purged.
 *
 *     sudo node scripts/packaging/try-deb.ts
 *
 * dpkg works on this machine seen through a layer; nothing of the machine is changed.
 */

import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildDeb } from './build-deb.ts';
import { freePort } from './free-port.ts';
import { OverlayRoot, overlayObstacle } from './overlay-root.ts';

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const ENABLED = '/etc/systemd/system/multi-user.target.wants/caskd.service';
const UNIT_COMMAND = '/usr/bin/caskd --config /etc/caskd/caskd.toml';

function lines(overlay: OverlayRoot, port: number): string[] {
  const environment = { PATH, DEBIAN_FRONTEND: 'noninteractive', HOME: '/root' };
  const at = { user: '0:0', folder: '/', environment };
  const sh = (script: string): string => overlay.line(at, ['bash', '-ec', script]);
  const say = (what: string): string => `echo '== ${what}'`;
  const url = `cask://127.0.0.1:${port}`;
  const serve = `setpriv --reuid caskd --regid caskd --init-groups ${UNIT_COMMAND}`;
  const addresses = `--listen 127.0.0.1:${port} --http off`;
  const caskctl = (words: string): string => `caskctl --url ${url} ${words}`;
  return [
    say('dpkg --install'),
    sh('dpkg --install /caskd.deb'),
    sh('[ "$(stat -c %U:%G:%a /var/lib/caskd)" = caskd:caskd:700 ]'),
    sh('[ "$(stat -c %U:%G:%a /etc/caskd/caskd.toml)" = root:caskd:640 ]'),
    sh('[ "$(stat -c %U:%G:%a /etc/caskd/private)" = caskd:caskd:700 ]'),
    sh(`[ -L ${ENABLED} ]`),
    sh('dpkg --verify caskd'),
    sh('gzip -t /usr/share/man/man1/caskctl.1.gz /usr/share/man/man8/caskd.8.gz'),
    say('its daemon, as its user, with its configuration'),
    `${overlay.line(at, ['bash', '-ec', `exec ${serve} ${addresses}`])} &`,
    'daemon=$!',
    'trap "kill -9 $daemon 2>/dev/null || true" EXIT',
    `for i in $(seq 100); do ${sh(caskctl('ping'))} && break; kill -0 $daemon; sleep 0.1; done`,
    sh(`${caskctl('put city:bern 134000')}; [ "$(${caskctl('get city:bern')})" = 134000 ]`),
    sh(`${caskctl('backup --keep 1')}; ls /var/backups/caskd/backup-*/MANIFEST`),
    'kill -TERM $daemon',
    'wait $daemon',
    sh('ls /var/lib/caskd/MANIFEST'),
    say('an upgrade leaves data, configuration and what the administrator decided'),
    sh('echo "# mine" >>/etc/caskd/caskd.toml; systemctl disable caskd.service'),
    sh('dpkg --install /caskd.deb'),
    sh('grep -q "# mine" /etc/caskd/caskd.toml; ls /var/lib/caskd/MANIFEST'),
    sh(`[ ! -e ${ENABLED} ]`),
    say('dpkg --remove leaves data and configuration'),
    sh('dpkg --remove caskd'),
    sh('[ ! -e /usr/lib/caskd ]; [ ! -e /usr/bin/caskd ]'),
    sh('grep -q "# mine" /etc/caskd/caskd.toml; ls /var/lib/caskd/MANIFEST'),
    say('dpkg --purge does not; backups stay'),
    sh('dpkg --purge caskd'),
    sh('[ ! -e /etc/caskd ]; [ ! -e /var/lib/caskd ]'),
    sh('getent passwd caskd; ls /var/backups/caskd/backup-*/MANIFEST'),
  ];
}

const obstacle = overlayObstacle();
if (obstacle !== undefined) {
  console.log(`skipped: ${obstacle}`);
  process.exit(0);
}
const work = mkdtempSync(join(tmpdir(), 'caskd-try-deb-'));
try {
  // quick to make; the contents are those of the smaller one
  const deb = buildDeb({ output: join(work, 'deb'), compression: 'zstd' });
  const overlay = new OverlayRoot(join(work, 'machine'));
  mkdirSync(overlay.own('/'), { recursive: true });
  cpSync(deb, overlay.own('/caskd.deb'));
  const status = overlay.run(lines(overlay, await freePort()));
  if (status !== 0) throw new Error(`the package is not right: exit code ${status}`);
  console.log('the Debian package installs, runs, upgrades, and goes');
} finally {
  rmSync(work, { recursive: true });
}
