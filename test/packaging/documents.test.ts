/** Manual pages and completion scripts: they list everything, and their readers understand them. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { documents } from '../../scripts/packaging/package-documents.ts';
import { SETTING_NAMES } from '../../src/daemon/configuration/schema.ts';
import { environmentNameOf, flagOf } from '../../src/daemon/configuration/setting-names.ts';
import { COMMANDS } from '../../src/shell/commands/command-table.ts';
import { namesOf } from '../../src/shell/line-context.ts';
import { skipsBecause, toolObstacle } from '../kernel/capabilities.ts';

const all = documents();

function documentAt(path: string): string {
  const text = all.get(path);
  if (text === undefined) throw new Error(`${path} is not made`);
  return text;
}

/** As a reader sees it: requests and escapes taken out. */
function readable(page: string): string {
  return page
    .replace(/\\f[BIR]/g, '')
    .replaceAll('\\-', '-')
    .replaceAll('\\e', '\\');
}

describe('caskd(8)', () => {
  const page = readable(documentAt('man/man8/caskd.8'));

  test.each(SETTING_NAMES)('%s', (name) => {
    expect(page).toMatch(new RegExp(`^${flagOf(name)}( |$)`, 'm'));
    expect(page).toContain(`${environmentNameOf(name)}, ${name} in the file`);
  });

  test('flags that are no settings', () => {
    for (const flag of ['--config path', '--check-config', '--version', '--help']) {
      expect(page).toContain(`\n${flag}\n`);
    }
  });
});

describe('caskctl(1)', () => {
  const page = readable(documentAt('man/man1/caskctl.1'));

  test.each(COMMANDS.map(({ name }) => name))('%s', (name) => {
    const [, after = ''] = page.split(`.SS "${name}"\n`);
    const [section = ''] = after.split('\n.S');
    const command = COMMANDS.find((each) => each.name === name);
    for (const flag of command?.flags ?? []) {
      expect(section).toMatch(new RegExp(`^${namesOf(flag).join(', ')}( |$)`, 'm'));
      expect(section).toContain(flag.summary);
    }
    for (const { name: argument, summary } of command?.args ?? []) {
      expect(section).toContain(argument.replace(/[<>[\].]/g, ''));
      expect(section).toContain(summary);
    }
  });
});

const pages = [...all.keys()].filter((path) => path.startsWith('man/'));
const withoutGroff = skipsBecause('format of manual pages', toolObstacle('groff'));

test.skipIf(withoutGroff).each(pages)('groff has nothing to say of %s', (path) => {
  const args = ['-man', '-ww', '-z', '-Tutf8'];
  const { stderr, status } = spawnSync('groff', args, {
    encoding: 'utf8',
    input: documentAt(path),
  });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
});

describe.each([
  ['bash', 'bash-completion/completions/caskd'],
  ['zsh', 'zsh/site-functions/_caskd'],
  ['fish', 'fish/vendor_completions.d/caskd.fish'],
])('caskd in %s', (shell, path) => {
  const missing = skipsBecause(`completion of ${shell}`, toolObstacle(shell));

  test.skipIf(missing)('is understood', () => {
    const directory = mkdtempSync(join(tmpdir(), 'caskd-documents-'));
    const file = join(directory, 'script');
    writeFileSync(file, documentAt(path));
    const { stderr, status } = spawnSync(shell, ['-n', file], { encoding: 'utf8' });
    rmSync(directory, { recursive: true });
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  });

  test('knows every setting', () => {
    const script = documentAt(path);
    for (const name of SETTING_NAMES) {
      const flag = flagOf(name);
      expect(script).toContain(shell === 'fish' ? ` -l ${flag.slice(2)} ` : flag);
    }
  });
});
