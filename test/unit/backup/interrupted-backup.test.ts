import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { StoreLogger } from '../../../src/storage/store-options.ts';
import { KeptStore, segmentsIn, untilBegun } from './kept-store.ts';

describe('a backup that does not come to its end', () => {
  it('is cancelled, leaves nothing, and holds on to nothing', async () => {
    await using kept = await KeptStore.create();
    await kept.fill(40);
    const controller = new AbortController();
    const { signal } = controller;
    const running = kept.backup({ bytesPerSecond: 1000, signal, copies: true });
    running.catch(() => {});
    await untilBegun(kept.backups);
    const [job] = kept.store.jobs.listRunning();
    expect(job).toMatchObject({ kind: 'backup', unit: 'bytes', state: 'running' });
    controller.abort();
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(kept.store.stats().backup).toMatchObject({ running: false, failures: 0 });
    expect((await readdir(kept.backups)).filter((name) => name !== 'LOCK')).toEqual([]);
    await expect(kept.restore()).rejects.toMatchObject({ code: 'NOT_A_BACKUP' });
    await kept.fill(40);
    await kept.store.merge();
    await kept.reopen();
    // What was merged away is gone: nobody pinned it any more.
    const logs = (await segmentsIn(kept.directory)).filter((name) => name.endsWith('.log'));
    expect(logs).toEqual([]);
    await kept.backup();
  });

  it('is told apart from a complete one, and tidied up by the next', async () => {
    await using kept = await KeptStore.create();
    await kept.fill(30);
    const { path } = await kept.backup();
    // As a kill in the middle leaves it.
    const half = `${kept.backups}/backup-20990101T000000.000Z-r99.tmp`;
    await cp(path, half, { recursive: true });
    await rm(join(half, 'BACKUP'));
    await expect(kept.restore(half)).rejects.toMatchObject({ code: 'NOT_A_BACKUP' });
    const { summary } = await kept.restore();
    expect(summary.backup).toBe(path);
    await kept.backup();
    expect(await readdir(kept.backups)).not.toContain('backup-20990101T000000.000Z-r99.tmp');
  });

  it('ends when the store is closed, and that is no failure', async () => {
    const logged: string[] = [];
    const logger: StoreLogger = (level, event) => logged.push(`${level} ${event}`);
    await using kept = await KeptStore.create({ logger });
    await kept.fill(30);
    const running = kept.backup({ bytesPerSecond: 1000, copies: true });
    running.catch(() => {});
    await untilBegun(kept.backups);
    await kept.store.close();
    await expect(running).rejects.toMatchObject({ code: 'CLOSED' });
    expect(kept.store.stats().backup).toMatchObject({ failures: 0, lastError: null });
    expect(logged.filter((line) => line.includes('backup'))).toEqual(['info backup-cancelled']);
    await kept.reopen();
    await kept.backup();
  });
});

describe('damage in the store', () => {
  it('that a backup finds is told, and does not push out older backups', async () => {
    await using kept = await KeptStore.create();
    await kept.fill(60);
    await kept.store.close();
    const [name = ''] = await segmentsIn(kept.directory);
    const path = join(kept.directory, name);
    const bytes = await readFile(path);
    bytes[5000] = (bytes[5000] as number) ^ 1;
    await writeFile(path, bytes);
    await kept.reopen();
    const first = await kept.backup({ keep: 1 });
    expect(first.damaged).toEqual([1]);
    expect(kept.store.stats().damage).toMatchObject([{ segment: 1 }]);
    const second = await kept.backup({ keep: 1 });
    expect(second).toMatchObject({ damaged: [1], removed: [] });
    await expect(kept.restore()).rejects.toMatchObject({
      code: 'CORRUPT',
      message: expect.stringContaining('repair'),
    });
  });
});
