/** Completion scripts: complete, and understood by the shells they are for. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COMMANDS } from '../../../src/shell/commands/command-table.ts';
import { COMMON_FLAGS } from '../../../src/shell/common-flags.ts';
import { namesOf } from '../../../src/shell/line-context.ts';
import { skipsBecause, toolObstacle } from '../../kernel/capabilities.ts';
import { FakeClient } from './fake-client.ts';
import { type FakeIoOptions, type Ran, runWith } from './fake-io.ts';

const COMMON = [
  ...['--url', '--user', '--tls-ca', '--tls-cert', '--tls-key'],
  ...COMMON_FLAGS.flatMap(namesOf),
  ...['--help', '-h'],
];
const SHELLS = ['bash', 'zsh', 'fish'] as const;

function runLine(words: readonly string[], options: FakeIoOptions = {}): Promise<Ran> {
  return runWith(new FakeClient(), words, options);
}

const scripts = new Map<string, string>();
let directory: string;

function scriptFile(shell: string): string {
  return join(directory, `completion.${shell}`);
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'caskd-completion-'));
  for (const shell of SHELLS) {
    const { exitCode, out } = await runLine(['completion', shell]);
    expect(exitCode).toBe(0);
    scripts.set(shell, out);
    writeFileSync(scriptFile(shell), out);
  }
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

function flagsOf(name: string): string[] {
  return COMMANDS.find((command) => command.name === name)?.flags.flatMap(namesOf) ?? [];
}

/** What a shell printed, line by line, sorted. */
function linesFrom(program: string, args: string[]): string[] {
  const { stdout, stderr, status } = spawnSync(program, args, { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout.split('\n').filter((line) => line !== '');
}

describe.each(SHELLS)('%s', (shell) => {
  const missing = skipsBecause(`completion of ${shell}`, toolObstacle(shell));

  test.skipIf(missing)('understands the script', () => {
    expect(linesFrom(shell, ['-n', scriptFile(shell)])).toEqual([]);
  });

  test.each(COMMANDS.map(({ name }) => name))('knows %s and its flags', (name) => {
    const script = scripts.get(shell) ?? '';
    expect(script).toContain(name);
    for (const flag of flagsOf(name)) {
      // `-l ttl-ms` and `-s x` in fish
      const letter = flag.startsWith('--') ? 'l' : 's';
      const inFish = ` -${letter} ${flag.replace(/^-+/, '')} `;
      expect(script).toContain(shell === 'fish' ? inFish : flag);
    }
  });
});

test('there is no completion for other shells, nor inside a session', async () => {
  expect((await runLine(['completion', 'csh'])).exitCode).toBe(2);
  const inSession = await runLine([], { stdin: 'completion bash\n' });
  expect(inSession.exitCode).toBe(2);
  expect(inSession.err).toContain('completion is for the command line');
});

describe.skipIf(skipsBecause('completion in bash', toolObstacle('bash')))('in bash', () => {
  /** Candidates for the last word; '' is a word not yet begun. */
  function candidates(...words: string[]): string[] {
    const quoted = words.map((word) => `'${word}'`).join(' ');
    const run = `source ${scriptFile('bash')}; compopt() { :; }; COMP_WORDS=(${quoted});
      COMP_CWORD=${words.length - 1}; _caskctl; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return linesFrom('bash', ['--norc', '-c', run]);
  }

  test.each(COMMANDS.map(({ name }) => name))('flags of %s', (name) => {
    const wanted = [...flagsOf(name), ...COMMON].sort();
    expect(candidates('caskctl', name, '-').sort()).toEqual(wanted);
  });

  test('commands, also behind flags of the program', () => {
    const names = [...COMMANDS.map(({ name }) => name), 'help'].sort();
    expect(candidates('caskctl', '').sort()).toEqual(names);
    expect(candidates('caskctl', '--json', '--url', 'cask://x', '').sort()).toEqual(names);
    expect(candidates('caskctl', 'help', '').sort()).toEqual(names);
    expect(candidates('caskctl', 'pu')).toEqual(['put']);
  });

  test('values: words, paths, or nothing', () => {
    expect(candidates('caskctl', 'completion', '')).toEqual(['bash', 'zsh', 'fish']);
    expect(candidates('caskctl', 'import', scriptFile('z'))).toEqual([scriptFile('zsh')]);
    expect(candidates('caskctl', 'repair', 'x', '--to', scriptFile('f'))).toEqual([
      scriptFile('fish'),
    ]);
    expect(candidates('caskctl', 'put', '--ttl-ms', '')).toEqual([]);
    expect(candidates('caskctl', '--url', '')).toEqual([]);
  });
});

describe.skipIf(skipsBecause('completion in fish', toolObstacle('fish')))('in fish', () => {
  function candidates(line: string): string[] {
    const run = `source ${scriptFile('fish')}; complete -C '${line}'`;
    return linesFrom('fish', ['--no-config', '-c', run]).map((each) => each.split('\t')[0] ?? '');
  }

  test('commands, flags and values', () => {
    const names = [...COMMANDS.map(({ name }) => name), 'help'].sort();
    expect(candidates('caskctl ').sort()).toEqual(names);
    const long = [...flagsOf('put'), ...COMMON].filter((flag) => flag.startsWith('--')).sort();
    expect(candidates('caskctl put --').sort()).toEqual(long);
    expect(candidates('caskctl completion ').sort()).toEqual(['bash', 'fish', 'zsh']);
    expect(candidates(`caskctl import ${scriptFile('z')}`)).toEqual([scriptFile('zsh')]);
  });
});
