import { describe, expect, it } from 'vitest';
import { FakeClient } from './fake-client.ts';
import { runWith } from './fake-io.ts';

describe('incr', () => {
  it('counts by one, or by what is given', async () => {
    const client = new FakeClient();
    expect(await runWith(client, ['incr', 'k'])).toMatchObject({ exitCode: 0, out: '1\n' });
    expect(await runWith(client, ['incr', 'k', '41'])).toMatchObject({ out: '42\n' });
    expect(await runWith(client, ['incr', 'k', '--', '-2'])).toMatchObject({ out: '40\n' });
    const large = await runWith(client, ['incr', 'k', '9223372036854775767', '--json']);
    expect(JSON.parse(large.out)).toMatchObject({ value: '9223372036854775807', revision: 4 });
  });

  it.each(['', '1.5', '+1', 'one', '9223372036854775808'])('%j is no integer', async (by) => {
    const client = new FakeClient();
    expect(await runWith(client, ['incr', 'k', by])).toMatchObject({ exitCode: 2, out: '' });
    expect(client.entries.size).toBe(0);
  });
});

describe('getdel', () => {
  it('prints what get prints, and the key is gone', async () => {
    for (const flags of [[], ['--raw'], ['--json'], ['--hex']]) {
      const client = new FakeClient().fill({ 'k\n': 'v\0w' });
      const { out } = await runWith(client, ['get', 'k\\n', ...flags]);
      const ran = await runWith(client, ['getdel', 'k\\n', ...flags]);
      expect(ran).toMatchObject({ exitCode: 0, out, err: '' });
      expect(client.entries.size).toBe(0);
    }
  });

  it('prints key and value as CSV', async () => {
    const client = new FakeClient().fill({ k: 'a,b\n' });
    const { out } = await runWith(client, ['getdel', 'k', '--csv']);
    expect(out).toBe('key,value\nk,"a,b\\n"\n');
  });

  it('an absent key is exit code 5', async () => {
    const ran = await runWith(new FakeClient(), ['getdel', 'k\\n']);
    expect(ran).toMatchObject({ exitCode: 5, out: '', err: 'NOT_FOUND: there is no key k\\n\n' });
  });
});

describe('ttl, touch, persist', () => {
  it('touch sets what ttl prints, and persist removes it', async () => {
    const client = new FakeClient().fill({ k: 'v' });
    expect(await runWith(client, ['ttl', 'k'])).toMatchObject({ exitCode: 0, out: 'never\n' });
    expect(JSON.parse((await runWith(client, ['ttl', 'k', '--json'])).out)).toEqual({
      ttlMs: null,
    });
    expect((await runWith(client, ['touch', 'k', '5000'])).out).toBe('ok, it expires in 5000 ms\n');
    expect(await runWith(client, ['ttl', 'k'])).toMatchObject({ exitCode: 0, out: '5000\n' });
    expect((await runWith(client, ['persist', 'k'])).out).toBe('ok, it never expires\n');
    expect((await runWith(client, ['persist', 'k'])).exitCode).toBe(5);
  });

  it.each([[['ttl', 'k']], [['touch', 'k', '5']], [['persist', 'k']]])(
    '%j of an absent key is exit code 5',
    async (words) => {
      const ran = await runWith(new FakeClient(), words);
      expect(ran).toMatchObject({ exitCode: 5, out: '' });
      expect(ran.err).toContain('NOT_FOUND: there is no key k');
    },
  );

  it.each(['0', '-1', '1.5', 'soon', ''])('touch for %j is refused', async (ttl) => {
    const client = new FakeClient().fill({ k: 'v' });
    expect((await runWith(client, ['touch', 'k', ttl])).exitCode).toBe(2);
    expect(client.ttls.size).toBe(0);
  });
});
