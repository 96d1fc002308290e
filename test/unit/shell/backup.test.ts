import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../../../src/storage/index.ts';
import { FakeClient } from './fake-client.ts';
import { runWith } from './fake-io.ts';

describe('backup', () => {
  it('asks for one, and says where it is and what it cost', async () => {
    const client = new FakeClient();
    const ran = await runWith(client, ['backup', '/backups', '--keep', '7', '--copies']);
    expect(ran).toMatchObject({ exitCode: 0, err: '' });
    expect(ran.out).toMatch(
      /^ok, \/backups\/backup-\S+-r9: revision 9, 4\.0 KiB, of which 1\.0 KiB/,
    );
    expect(client.backups).toEqual([{ directory: '/backups', keep: 7, copies: true, full: false }]);
  });

  it('leaves the directory to the server, and prints JSON', async () => {
    const client = new FakeClient();
    const ran = await runWith(client, ['backup', '--json']);
    expect(JSON.parse(ran.out)).toEqual(client.backupResult);
    expect(client.backups).toMatchObject([{ directory: undefined, keep: undefined }]);
  });

  it('with damage in it is exit code 1', async () => {
    const client = new FakeClient();
    client.backupResult = { ...client.backupResult, damaged: [3, 4], removed: ['backup-1'] };
    const ran = await runWith(client, ['backup']);
    expect(ran.exitCode).toBe(1);
    expect(ran.out).toMatch(/^damaged: 2 segments .*; 1 older one removed\n$/);
  });

  it.each([[['backup', '--keep', '0']], [['backup', 'a', 'b']]])('%j is usage', async (words) => {
    const client = new FakeClient();
    expect((await runWith(client, words)).exitCode).toBe(2);
    expect(client.backups).toEqual([]);
  });
});

describe('restore', () => {
  let root: string;
  let middle: number;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'caskd-restore-'));
    await using store = await openStore({ directory: join(root, 'data'), ballastBytes: 0 });
    await store.put('k', 'one');
    const [, second] = await store.batch([
      { type: 'put', key: 'a', value: '1' },
      { type: 'put', key: 'b', value: '1' },
      { type: 'put', key: 'c', value: '1' },
    ]);
    middle = second?.revision ?? 0;
    await store.put('k', 'two');
    await store.backup({ directory: join(root, 'backups') });
  });

  afterAll(() => rm(root, { recursive: true }));

  const run = (target: string, ...more: string[]) =>
    runWith(new FakeClient(), ['restore', join(root, 'backups'), join(root, target), ...more]);

  it('makes a store, and says what it is', async () => {
    const ran = await run('newest');
    expect(ran).toMatchObject({ exitCode: 0, err: '' });
    expect(ran.out).toMatch(/^restored .* revision 5, 1 segment, 5 records, .* begin at \d+\n$/);
    await using store = await openStore({ directory: join(root, 'newest') });
    expect((await store.get('k'))?.toString()).toBe('two');
  });

  it('says that a batch is left out as a whole', async () => {
    const ran = await run('middle', '--to-revision', String(middle), '--json');
    expect(JSON.parse(ran.out)).toMatchObject({ revision: 1, cuts_batch: true });
    const again = await run('again', '--to-revision', String(middle));
    expect(again.out).toContain(`revision 1 (${middle} lies within a batch, which is left out)`);
  });

  it('goes back to a time', async () => {
    const ran = await run('nothing', '--to-time', '2001-01-01T00:00:00Z');
    expect(ran.out).toContain('revision 0, 0 segments');
    expect((await run('future', '--to-time', '4000000000000')).err).toMatch(/^INVALID_OPTION: /);
  });

  it.each([
    [['--to-time', 'yesterday']],
    [['--to-time', '1', '--to-revision', '1']],
    [['--to-revision', '-1']],
  ])('%j is usage', async (flags) => {
    const ran = await run('refused', ...flags);
    expect(ran.exitCode).toBe(2);
    expect(await readdir(root)).not.toContain('refused');
  });

  it('refuses a target in use, and what is no backup, with exit code 1', async () => {
    const taken = await run('data');
    expect(taken).toMatchObject({ exitCode: 1, err: expect.stringMatching(/^NOT_A_STORE: /) });
    const words = ['restore', join(root, 'data'), join(root, 'x')];
    const none = await runWith(new FakeClient(), words);
    expect(none).toMatchObject({ exitCode: 1, err: expect.stringMatching(/^NOT_A_BACKUP: /) });
  });
});
