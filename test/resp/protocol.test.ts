/** What Redis guards against on its port, and how the stream may be cut. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRespFixture, type RespFixture } from './resp-fixture.ts';
import { encode, Wire } from './wire.ts';

let fixture: RespFixture;
beforeAll(async () => {
  fixture = await openRespFixture();
});
afterAll(() => fixture[Symbol.asyncDispose]());

const open = (): Promise<Wire> => Wire.open({ port: fixture.port });

describe('input that is no RESP is told so as Redis does, and the connection closes', () => {
  it.each([
    ['*2147483648\r\n', 'invalid multibulk length'],
    ['*abc\r\n', 'invalid multibulk length'],
    ['*3000000000\r\n', 'invalid multibulk length'],
    ['*1\r\n$-5\r\n', 'invalid bulk length'],
    ['*1\r\n$blah\r\n', 'invalid bulk length'],
    ['*1\r\n$2000000000\r\n', 'invalid bulk length'],
    ['*1\r\n$01\r\n', 'invalid bulk length'],
    ['*2\r\n$3\r\nGET\r\n:5\r\n', "expected '$', got ':'"],
    ['*1\r\n+PING\r\n', "expected '$', got '+'"],
    ['set "x y\r\n', 'unbalanced quotes in request'],
    ["set 'x'y z\r\n", 'unbalanced quotes in request'],
    [`*${'1'.repeat(70_000)}`, 'too big mbulk count string'],
    [`*1\r\n$${'1'.repeat(70_000)}`, 'too big bulk count string'],
    ['x'.repeat(70_000), 'too big inline request'],
  ])('%.30j: %s', async (input, problem) => {
    using wire = await open();
    wire.write(input);
    expect(await wire.reply()).toBe(`-ERR Protocol error: ${problem}\r\n`);
    expect(await wire.reply()).toBeUndefined();
  });
});

it('commands before the broken one are answered', async () => {
  using wire = await open();
  wire.write(Buffer.concat([encode(['SET', 'before', '1']), Buffer.from('*x\r\n')]));
  expect(await wire.reply()).toBe('+OK\r\n');
  expect(await wire.reply()).toContain('Protocol error');
});

it('empty lines and arrays ask for nothing', async () => {
  using wire = await open();
  wire.write('\r\n*0\r\n*-1\r\n\n');
  expect(await wire.call('PING')).toBe('+PONG\r\n');
});

it('lines are split into words, with quotes and escapes', async () => {
  using wire = await open();
  wire.write("SET quoted \"a\\x41\\n b\"\r\nGET quoted\nECHO 'it\\'s'\r\n");
  expect(await wire.reply()).toBe('+OK\r\n');
  expect(await wire.reply()).toBe('$5\r\naA\n b\r\n');
  expect(await wire.reply()).toBe("$4\r\nit's\r\n");
});

it('a stream of commands is understood wherever it is cut', async () => {
  const value = Buffer.from([0, 13, 10, 36, 42, 255]);
  const key = Buffer.from([10, 13, 0]);
  const big = Buffer.alloc(300_000, 7);
  const stream = Buffer.concat([
    encode(['SET', key, value]),
    encode(['GET', key]),
    Buffer.from('PING\r\n'),
    encode(['MGET', key, 'nothing', key]),
  ]);
  using wire = await open();
  for (const size of [1, 2, 3, 7]) {
    for (let at = 0; at < stream.length; at += size) {
      wire.write(stream.subarray(at, at + size));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const bulk = `$6\r\n${value.toString('latin1')}\r\n`;
    const expected = ['+OK\r\n', bulk, '+PONG\r\n', `*3\r\n${bulk}$-1\r\n${bulk}`];
    for (const reply of expected) expect(await wire.reply()).toBe(reply);
  }
  expect(await wire.call('SET', 'big', big)).toBe('+OK\r\n');
  expect(await wire.call('STRLEN', 'big')).toBe(':300000\r\n');
  expect((await wire.call('GET', 'big'))?.length).toBe(300_000 + 11);
});

it('a read sees what was sent before it, and nothing of what was sent behind it', async () => {
  using wire = await open();
  const replies = await wire.calls([
    ['SET', 'order', '1'],
    ['GET', 'order'],
    ['MGET', 'order'],
    ['EXISTS', 'order'],
    ['DEL', 'order'],
    ['EXISTS', 'order', 'order'],
    ['MSET', 'order', '2'],
    ['APPEND', 'order', 'x'],
    ['MSET', 'order', '3'],
    ['GET', 'order'],
  ]);
  const expected = [
    ...['+OK', '$1\r\n1', '*1\r\n$1\r\n1', ':1', ':1', ':0', '+OK', ':2', '+OK', '$1\r\n3'],
  ];
  expect(replies).toEqual(expected.map((reply) => `${reply}\r\n`));
});

it('INCR of many connections loses nothing, EXEC of many neither', async () => {
  const wires = await Promise.all(Array.from({ length: 6 }, open));
  await Promise.all(
    wires.map(async (wire) => {
      for (let round = 0; round < 20; round++) {
        await wire.calls([['INCR', 'shared'], ['MULTI'], ['INCR', 'shared'], ['EXEC']]);
      }
      wire[Symbol.dispose]();
    }),
  );
  using wire = await open();
  expect(await wire.call('GET', 'shared')).toBe('$3\r\n240\r\n');
});

it('EXEC does nothing when a watched key has changed', async () => {
  using wire = await open();
  using other = await open();
  await wire.call('SET', 'watched', '1');
  await wire.call('WATCH', 'watched');
  await other.call('SET', 'watched', '2');
  expect(await wire.calls([['MULTI'], ['SET', 'watched', '3'], ['EXEC']])).toEqual([
    '+OK\r\n',
    '+QUEUED\r\n',
    '*-1\r\n',
  ]);
  expect(await wire.call('GET', 'watched')).toBe('$1\r\n2\r\n');
});

it('SCAN gives each key that is there throughout exactly once', async () => {
  using wire = await open();
  const names = Array.from({ length: 500 }, (_, index) => `scan:${index}`);
  await wire.calls(names.map((name) => ['SET', name, 'v']));
  const seen: string[] = [];
  let cursor = '0';
  let round = 0;
  do {
    const reply = await wire.call('SCAN', cursor, 'MATCH', 'scan:*', 'COUNT', '17');
    const words = [...(reply ?? '').matchAll(/\$\d+\r\n([^\r]*)\r\n/g)].map(([, word]) => word);
    cursor = words[0] ?? '0';
    seen.push(...words.slice(1).map((word) => word ?? ''));
    round += 1;
    // others come and go meanwhile
    await wire.calls([
      ['SET', `scan:~${round}`, 'v'],
      ['DEL', `scan:~${round - 1}`],
    ]);
  } while (cursor !== '0');
  const throughout = seen.filter((name) => !name.includes('~'));
  expect(throughout.toSorted()).toEqual(names.toSorted());
  expect(await wire.call('SCAN', '12345')).toBe('-ERR invalid cursor\r\n');
});
