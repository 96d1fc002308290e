import { channel } from 'node:diagnostics_channel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CaskClient, connect } from '../../../src/client/index.ts';
import { FakeServer } from './fake-server.ts';

let server: FakeServer;
let db: CaskClient;

beforeEach(async () => {
  server = await FakeServer.start();
  db = await connect({ port: server.port });
});

afterEach(async () => {
  await db.close();
  await server.stop();
});

describe('operations', () => {
  it('puts, gets, checks and deletes', async () => {
    const put = await db.put('a', Buffer.from([0, 255]), { ttlMs: 10 });
    expect(put).toEqual({
      revision: 101,
      version: 1,
      createdAt: 5000,
      updatedAt: 5000,
      expiresAt: 5010,
    });
    expect(await db.get('a')).toEqual(Buffer.from([0, 255]));
    expect(await db.get('none')).toBeUndefined();
    expect(await db.exists('a')).toBe(true);
    expect(await db.delete('a')).toBe(true);
    expect(await db.deleteEntry('a')).toEqual({ deleted: false, revision: undefined });
  });

  it('gives strings or Buffers, by the call', async () => {
    await db.put('k', 'grün');
    expect(await db.get('k', { encoding: 'utf8' })).toBe('grün');
    const entry = await db.getEntry('k', { encoding: 'utf8' });
    expect(entry).toMatchObject({ key: 'k', value: 'grün', revision: 7, expiresAt: undefined });
    expect((await db.getEntry('k'))?.key).toEqual(Buffer.from('k'));
  });

  it('keeps an empty value apart from none, and big values whole', async () => {
    await db.put('empty', '');
    expect(await db.get('empty')).toEqual(Buffer.alloc(0));
    const big = Buffer.alloc(3_000_000, 'x');
    await db.put('big', big);
    expect((await db.get('big'))?.equals(big)).toBe(true);
  });

  it('asks GET_MANY again for what a reply leaves out', async () => {
    const keys = Array.from({ length: 25 }, (_, index) => `k${index}`);
    await Promise.all(keys.slice(1).map((key) => db.put(key, key.toUpperCase())));
    const values = await db.getMany(keys, { encoding: 'utf8' });
    expect(values).toEqual([undefined, ...keys.slice(1).map((key) => key.toUpperCase())]);
    expect(await db.getMany([])).toEqual([]);
  });

  it('tells damaged entries apart', async () => {
    await db.put('bad', 'x');
    const [good, bad] = await db.getManyEntries(['none', 'bad'], { encoding: 'utf8' });
    expect(good).toBeUndefined();
    expect(bad).toMatchObject({ key: 'bad', error: { code: 'CORRUPT' } });
    await expect(db.getMany(['bad'])).rejects.toMatchObject({ code: 'CORRUPT' });
  });

  it('applies batches', async () => {
    await db.put('x', '1');
    const results = await db.batch([
      { type: 'put', key: 'y', value: '2', ifAbsent: true },
      { type: 'delete', key: 'x' },
      { type: 'delete', key: 'nothing' },
    ]);
    expect(results).toEqual([
      { revision: 102, version: 1 },
      { revision: 103, version: undefined },
      { revision: undefined, version: undefined },
    ]);
  });
});

describe('requests', () => {
  it('hands on the errors of the server, and checks options itself', async () => {
    await db.put('a', '1');
    await expect(db.put('a', '2', { ifAbsent: true })).rejects.toMatchObject({
      name: 'CaskError',
      code: 'CONFLICT',
      details: { revision: 7 },
    });
    await expect(db.put('a', '2', { ifAbsent: true, ifPresent: true })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    });
    await expect(db.put('a', '2', { ttlMs: 0 })).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    await expect(db.get('')).rejects.toMatchObject({ code: 'KEY_EMPTY' });
    await expect(db.put('a', 5 as unknown as string)).rejects.toMatchObject({
      code: 'BAD_REQUEST',
    });
  });

  it('refuses what does not fit in a frame without losing the connection', async () => {
    server.limits = { ...server.limits, maxFrameBytes: 1000 };
    const small = await connect({ port: server.port });
    await expect(small.put('a', Buffer.alloc(2000))).rejects.toMatchObject({
      code: 'VALUE_TOO_LARGE',
    });
    await expect(small.put('a', Buffer.alloc(995))).rejects.toMatchObject({
      code: 'VALUE_TOO_LARGE',
    });
    expect(await small.get('a')).toBeUndefined();
    await small.close();
  });

  it('answers count, stats, sync, merge and ping', async () => {
    await db.put('a', '1');
    expect(await db.count()).toBe(1);
    expect(await db.stats()).toEqual({ keys: 1, bytes: 2 ** 40 });
    expect(await db.sync()).toBe(101);
    expect(await db.merge()).toMatchObject({ inputs: 2 });
    expect((await db.mergeStatus()).state).toBe('status');
    expect((await db.pauseMerge()).state).toBe('pause');
    expect((await db.resumeMerge()).state).toBe('resume');
    expect(await db.ping()).toBeGreaterThan(0);
    expect(db.serverInfo?.serverId).toBe('fake-1');
  });

  it('sends the requests of one tick in one write', async () => {
    await db.ping();
    const before = server.peer.chunks;
    await Promise.all([
      ...Array.from({ length: 100 }, (_, index) => db.get(`k${index}`)),
      Promise.resolve().then(() => db.get('from a microtask')),
    ]);
    expect(server.peer.chunks - before).toBe(1);
  });

  it('matches replies that come out of order', async () => {
    for (const key of ['a', 'b', 'c']) await db.put(key, key);
    server.script = (request, peer, key) => {
      const { id, op } = request;
      peer.hold(() => server.answer({ id, op } as typeof request, peer, key));
      if (peer.heldCount === 3) setImmediate(() => peer.releaseReversed());
      return true;
    };
    const values = await Promise.all(['a', 'b', 'c'].map((key) => db.get(key)));
    expect(values.map(String)).toEqual(['a', 'b', 'c']);
  });

  it('publishes on diagnostics channels, without keys', async () => {
    const traces: unknown[] = [];
    const listen = (message: unknown) => traces.push(message);
    channel('caskd:request').subscribe(listen);
    channel('caskd:reply').subscribe(listen);
    await db.put('secret', '12');
    channel('caskd:request').unsubscribe(listen);
    channel('caskd:reply').unsubscribe(listen);
    await db.get('secret');
    expect(traces).toEqual([
      { operation: 'PUT', order: 1, bytes: 8 },
      { operation: 'PUT', order: 1, durationMs: expect.any(Number), error: undefined },
    ]);
  });
});

describe('settings', () => {
  it('reads and sets settings; values go as text', async () => {
    expect(await db.getConfig()).toEqual([{ name: 'all', text: '' }]);
    expect(await db.getConfig('cacheBytes')).toEqual([{ name: 'cacheBytes', text: '' }]);
    expect(await db.setConfig('cacheBytes', '1m')).toEqual({ name: 'cacheBytes', text: '1m' });
    expect(await db.setConfig('maxJobs', 5)).toMatchObject({ text: '5' });
    expect(await db.setConfig('mergeAutomatic', false)).toMatchObject({ text: 'false' });
  });
});

describe('bytes', () => {
  it('leaves alone what it gave while more arrives, and when the caller changes it', async () => {
    const bytes = await connect({ port: server.port });
    for (let index = 0; index < 25; index++) {
      server.values.set(`k${String(index).padStart(2, '0')}`, Buffer.from(`v${index}`));
    }
    const large = Buffer.alloc(70_000, 'large');
    server.values.set('large', large);
    const { entries } = await bytes.rangePage({ prefix: 'k0' });
    const many = await bytes.getMany(['k10', 'k11', 'large']);
    const value = await bytes.get('large');
    for (let index = 0; index < 25; index++)
      await bytes.get(`k${String(24 - index).padStart(2, '0')}`);
    await bytes.rangePage({ prefix: 'k2' });
    expect(entries.map(({ key, value }) => `${key}${value}`)).toEqual(
      Array.from({ length: 10 }, (_, index) => `k0${index}v${index}`),
    );
    expect(many.map(String)).toEqual(['v10', 'v11', String(large)]);
    expect(value?.equals(large)).toBe(true);
    const keys: string[] = [];
    for await (const page of bytes.range({ prefix: 'k', pageSize: 10, limit: 40 }).pages()) {
      keys.push(...page.map(({ key }) => String(key)));
      for (const { key } of page) key.fill(0);
    }
    expect(keys).toHaveLength(25);
    await bytes.close();
  });
});

describe('ranges', () => {
  let text: CaskClient<'utf8'>;

  beforeEach(async () => {
    text = await connect({ port: server.port, encoding: 'utf8' });
    for (let index = 0; index < 25; index++) {
      server.values.set(`k${String(index).padStart(2, '0')}`, Buffer.from(`v${index}`));
    }
  });

  afterEach(async () => {
    await text.close();
  });

  it('gives a page', async () => {
    const page = await text.rangePage({ start: 'k05', end: 'k10', limit: 3 });
    expect(page.entries.map(({ key }) => key)).toEqual(['k05', 'k06', 'k07']);
    expect(page.more).toBe(true);
    expect(page.entries[0]).toMatchObject({ value: 'v5', updatedAt: 2000 });
    await expect(text.rangePage({ limit: 1000 })).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
  });

  it('iterates over pages of the size asked for, up to the limit', async () => {
    const sizes: number[] = [];
    for await (const page of text.range({ pageSize: 10, limit: 22 }).pages())
      sizes.push(page.length);
    expect(sizes).toEqual([10, 10, 2]);
    const keys: string[] = [];
    for await (const { key } of text.range({ reverse: true, after: 'k03' })) keys.push(key);
    expect(keys).toEqual(['k02', 'k01', 'k00']);
  });

  it('goes on after a damaged entry', async () => {
    server.values.set('k03bad', Buffer.from('x'));
    const seen: string[] = [];
    for await (const entry of text.range({ prefix: 'k0', pageSize: 2 })) {
      seen.push(entry.error === undefined ? entry.value : entry.error.code);
    }
    expect(seen).toEqual('v0 v1 v2 v3 CORRUPT v4 v5 v6 v7 v8 v9'.split(' '));
  });

  it('keeps its cursor when keys are not UTF-8', async () => {
    server.values.clear();
    const bytes = await connect({ port: server.port });
    server.values.set('\u00e9', Buffer.from('1'));
    server.values.set('\u00ea', Buffer.from('2'));
    const keys: string[] = [];
    for await (const { key } of bytes.range({ pageSize: 1, keysOnly: true }))
      keys.push(String(key));
    expect(keys).toEqual(['\u00e9', '\u00ea']);
    await bytes.close();
  });

  it('applies and strips the key prefix', async () => {
    const app = await connect({ port: server.port, keyPrefix: 'app:', encoding: 'utf8' });
    await app.put('one', '1');
    await app.batch([{ type: 'put', key: 'two', value: '2' }]);
    expect(server.values.has('app:one')).toBe(true);
    expect((await app.getEntry('two'))?.key).toBe('two');
    expect(await app.count()).toBe(2);
    expect(await app.count({ start: 'p' })).toBe(1);
    const found: string[] = [];
    for await (const { key } of app.range({ pageSize: 1 })) found.push(key);
    expect(found).toEqual(['one', 'two']);
    expect((await app.rangePage({ start: 'p' })).entries.map(({ key }) => key)).toEqual(['two']);
    await expect(app.get('')).rejects.toMatchObject({ code: 'KEY_EMPTY' });
    await app.close();
  });
});
