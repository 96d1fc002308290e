/**
 * Dockerfile and compose file, as far as they can be judged without a container engine;
 * `npm run package:try` goes through the steps themselves.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import {
  assignments,
  execForm,
  type Instruction,
  isInContext,
  parseCopy,
  parseDockerfile,
} from '../../scripts/packaging/dockerfile.ts';
import { COMMANDS } from '../../src/shell/commands/command-table.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

const stages = parseDockerfile(read('Dockerfile'));
const last = stages.at(-1)?.instructions ?? [];
const all = stages.flatMap(({ instructions }) => instructions);

function textOf(name: string, instructions: readonly Instruction[] = last): string {
  const found = instructions.filter((instruction) => instruction.name === name);
  expect(found, name).toHaveLength(1);
  return found[0]?.text ?? '';
}

describe('Dockerfile', () => {
  test('is built in one stage and runs in another', () => {
    expect(stages.map(({ name }) => name)).toEqual(['build', '']);
    expect(last.filter(({ text }) => /\bnpm\b/.test(text))).toEqual([]);
  });

  test('what it copies is there, and is sent to the builder', () => {
    const ignoreFile = read('.dockerignore');
    const copies = all.filter(({ name }) => name === 'COPY').map(({ text }) => parseCopy(text));
    const sources = copies.filter(({ from }) => from === undefined).flatMap((copy) => copy.sources);
    expect(sources).toContain('package-lock.json');
    for (const source of sources) {
      expect(existsSync(join(ROOT, source)), source).toBe(true);
      expect(isInContext(source, ignoreFile), source).toBe(true);
    }
    for (const source of ['node_modules', 'test', '.git', 'scripts/demo.ts']) {
      expect(isInContext(source, ignoreFile), source).toBe(false);
    }
    const stageNames = stages.map(({ name }) => name);
    for (const { from } of copies) expect(stageNames).toContain(from ?? 'build');
  });

  test('runs as a user without rights, with the data in a volume of its own', () => {
    expect(textOf('USER')).toBe('1000:1000');
    const data = assignments(textOf('ENV'))['CASKD_DATA'];
    expect(textOf('VOLUME')).toBe(data);
    const commands = last.filter(({ name }) => name === 'RUN').map(({ text }) => text);
    expect(commands.join('\n')).toContain(`install -d -o 1000 -g 1000 -m 0700 ${data}`);
  });

  test('no shell stands between the engine and the daemon', () => {
    expect(execForm(textOf('ENTRYPOINT'))).toEqual(['caskd']);
    expect(textOf('STOPSIGNAL')).toBe('SIGTERM');
  });

  test('is asked for its health by caskctl', () => {
    const health = textOf('HEALTHCHECK');
    expect(health).toMatch(/^--interval=30s --timeout=3s /);
    const [program, command] = execForm(health.slice(health.indexOf('[')));
    expect(program).toBe('caskctl');
    expect(COMMANDS.map(({ name }) => name)).toContain(command);
  });
});

test('an instruction may go on in the next line, and comments are none', () => {
  const text = '# FROM x\nFROM a:1 AS b\n# no\nRUN one \\\n  && two\n\nCOPY --from=b x y/ z/\n';
  expect(parseDockerfile(text)).toEqual([
    {
      image: 'a:1',
      name: 'b',
      instructions: [
        { name: 'RUN', text: 'one  && two' },
        { name: 'COPY', text: '--from=b x y/ z/' },
      ],
    },
  ]);
  expect(parseCopy('--from=b x y/ z/')).toEqual({ from: 'b', sources: ['x', 'y/'], target: 'z/' });
});

describe('compose.yaml', () => {
  const compose = read('scripts/compose.yaml');

  test('what it mounts is there', () => {
    const mounts = [...compose.matchAll(/^ +- (\.\/[^:]+):/gm)].map(([, path = '']) => path);
    expect(mounts.length).toBeGreaterThan(0);
    for (const path of mounts) expect(existsSync(join(ROOT, 'scripts', path)), path).toBe(true);
  });

  test('limits, rights and logs of the daemon', () => {
    const [, after = ''] = compose.split('\n  caskd:\n');
    const [service = ''] = after.split(/\n {2}\w+:\n/);
    for (const line of [
      'read_only: true',
      '- no-new-privileges:true',
      'cpus: "2"',
      'memory: 256M',
      'cpus: "0.5"',
      'memory: 128M',
      'max-size: 10m',
      'max-file: "3"',
    ]) {
      expect(service).toContain(`${line}\n`);
    }
    expect(service).toContain('- "127.0.0.1:7117:7117"');
  });
});
