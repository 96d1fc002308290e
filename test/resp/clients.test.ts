/** Programs and libraries of others that speak to Redis. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { createClient, RESP_TYPES } from '@redis/client';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hasProgram } from './redis-tools.ts';
import { openRespFixture, type RespFixture } from './resp-fixture.ts';

const run = promisify(execFile);
let fixture: RespFixture;
beforeAll(async () => {
  fixture = await openRespFixture();
});
afterAll(() => fixture[Symbol.asyncDispose]());

const BINARY = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

it('ioredis: pipelines, transactions, binary and large values, scans', async () => {
  const redis = new Redis(fixture.port, '127.0.0.1');
  const large = Buffer.alloc(3_000_000, 5);
  expect(await redis.set(BINARY, large)).toBe('OK');
  expect((await redis.getBuffer(BINARY))?.equals(large)).toBe(true);
  const pipeline = redis.pipeline();
  for (let index = 0; index < 100; index++) pipeline.set(`io:${index}`, index).incr('io-count');
  expect((await pipeline.exec())?.length).toBe(200);
  expect(await redis.multi().get('io-count').del('io-count').exec()).toEqual([
    [null, '100'],
    [null, 1],
  ]);
  const found: string[] = [];
  for await (const page of redis.scanStream({ match: 'io:*', count: 7 })) found.push(...page);
  expect(new Set(found).size).toBe(100);
  expect(found.length).toBe(100);
  await redis.quit();
});

it('ioredis connects again when its connection was closed', async () => {
  const redis = new Redis(fixture.port, '127.0.0.1', { retryStrategy: () => 5 });
  const id = await redis.client('ID');
  await redis.client('KILL', 'ID', id).catch(() => {});
  expect(await redis.ping()).toBe('PONG');
  expect(await redis.client('ID')).not.toBe(id);
  redis.disconnect();
});

it.each([2, 3] as const)('@redis/client with RESP %i', async (RESP) => {
  const client = createClient({ url: `redis://127.0.0.1:${fixture.port}`, RESP });
  client.on('error', () => {});
  await client.connect();
  await client.set('node', 'value', { expiration: { type: 'EX', value: 1000 } });
  expect(await client.get('node')).toBe('value');
  expect(await client.ttl('node')).toBeGreaterThan(900);
  const binary = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  await client.set('node-binary', BINARY);
  expect(await binary.get('node-binary')).toEqual(BINARY);
  expect(await client.multi().incr('node-n').incr('node-n').exec()).toEqual([1, 2]);
  expect(await client.mGet(['node', 'nothing'])).toEqual(['value', null]);
  await client.del(['node', 'node-n']);
  await client.close();
});

it.skipIf(!hasProgram('redis-cli'))('redis-cli: commands and scans', async () => {
  const cli = async (...args: string[]): Promise<string> =>
    (await run('redis-cli', ['-p', String(fixture.port), ...args])).stdout.trim();
  expect(await cli('set', 'cli:1', 'v')).toBe('OK');
  expect(await cli('--scan', '--pattern', 'cli:*')).toBe('cli:1');
  expect(await cli('-3', 'cask.get', 'cli:1', 'withmeta')).toContain('revision');
  expect(await cli('cask.range', 'cli:', '+', 'limit', '1', 'keys')).toContain('cli:1');
});

it.skipIf(!hasProgram('redis-benchmark'))('redis-benchmark runs', async () => {
  const args = ['-p', String(fixture.port), '-t', 'ping,set,get,incr,mset'];
  const { stdout } = await run('redis-benchmark', [...args, '-n', '2000', '-P', '16', '-q']);
  expect(stdout).toContain('requests per second');
  expect(stdout).not.toContain('rror');
});

const PYTHON = ['/usr/bin/python3', 'python3'].find((path) =>
  hasProgram(path, ['-c', 'import redis']),
);
const SCRIPT = `
import sys, redis
r = redis.Redis(port=int(sys.argv[1]))
key = bytes(range(256))
assert r.set(key, b'\\x00\\xff', ex=1000)
assert r.get(key) == b'\\x00\\xff'
with r.pipeline(transaction=True) as p:
    p.watch('py-n')
    p.multi()
    p.incr('py-n').incr('py-n')
    assert p.execute() == [1, 2]
r.mset({'py:%d' % i: i for i in range(100)})
assert sorted(r.scan_iter('py:*', count=9)) == sorted(b'py:%d' % i for i in range(100))
assert r.ttl(key) > 900
print('ok')
`;

it.skipIf(PYTHON === undefined)('redis-py: pipelines, transactions, scans', async () => {
  const { stdout } = await run(PYTHON ?? '', ['-c', SCRIPT, String(fixture.port)]);
  expect(stdout.trim()).toBe('ok');
});
