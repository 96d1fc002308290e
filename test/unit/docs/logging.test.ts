/** docs/logging.md lists every event of the log, with its level and fields, and no other. */

import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type LogCall, logCalls } from './log-calls.ts';

const ROOT = new URL('../../../', import.meta.url);
const PAGE = readFileSync(new URL('docs/logging.md', ROOT), 'utf8');
const ROW = /^\| `([^`]+)` \| (\w+) \| ([^|]+) \| [^|]+ \|$/gm;

/** Turns the engine's and the server's events into lines; its event is whatever it is given. */
const PASSES_ON = 'src/daemon/logging.ts';

const calls: LogCall[] = globSync('src/**/*.ts', { cwd: ROOT })
  .filter((file) => !/^src\/(client|shell)\//.test(file) && file !== PASSES_ON)
  .flatMap((file) => logCalls(readFileSync(new URL(file, ROOT), 'utf8'), file));

const rows = [...PAGE.matchAll(ROW)].map(([, event = '', level = '', fields = '']) => ({
  event,
  level,
  fields: fields.split(', '),
}));

describe('log-calls', () => {
  it.each([
    [`log.info({ a, b: f(')') }, 'one-event');`, 'info', 'one-event', ['a', 'b']],
    [
      `this.#logger('warn', 'it', {\n  ...all,\n  reason: \`\${why}\`,\n});`,
      'warn',
      'it',
      ['reason'],
    ],
    [`world.log('error', 'bare', {})`, 'error', 'bare', []],
    [`log.info(what)`, 'info', 'what', undefined],
  ])('reads %s', (source, level, event, fields) => {
    expect(logCalls(source, 'x.ts')).toEqual([
      { file: 'x.ts', level, event, fields: fields ?? [], isLiteral: fields !== undefined },
    ]);
  });

  it('sees only calls of a log', () => {
    const others = 'Math.log(2); storeLogger(log); createLogger(level); type(logger: Logger)';
    expect(logCalls(others, 'x.ts')).toEqual([]);
  });
});

describe('docs/logging.md', () => {
  it('finds the calls', () => {
    expect(calls.length).toBeGreaterThan(40);
    expect(rows.length).toBe(PAGE.match(/^\| `/gm)?.length);
  });

  it.each(calls)('$file logs $event with a stable name', ({ event, isLiteral }) => {
    expect(isLiteral).toBe(true);
    expect(event).toMatch(/^[a-z]+(-[a-z]+)*$/);
  });

  it('lists every event once, and no other', () => {
    const told = rows.map(({ event }) => event).sort();
    expect(told).toEqual([...new Set(calls.map(({ event }) => event))].sort());
  });

  it.each(calls)('tells level and fields of $event in $file', ({ event, level, fields }) => {
    const row = rows.find((one) => one.event === event);
    expect(row?.level).toBe(level);
    expect(row?.fields).toEqual(expect.arrayContaining([...fields]));
  });
});
