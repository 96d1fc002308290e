import { describe, expect, it } from 'vitest';
import { CaskError } from '../../../src/errors/cask-error.ts';
import { type ImportRecord, ImportWindow } from '../../../src/shell/import-window.ts';
import { FakeClient } from './fake-client.ts';

const NO_BACKOFF_MS = 0;

function record(line: number, key = `k${line}`, value = `v${line}`): ImportRecord {
  return { line, key: Buffer.from(key), value: Buffer.from(value), ttlMs: undefined };
}

function windowOn(client: FakeClient): { window: ImportWindow; refused: number[] } {
  const refused: number[] = [];
  const report = { refused: (failed: ImportRecord) => refused.push(failed.line) };
  return { window: new ImportWindow(client, report, NO_BACKOFF_MS), refused };
}

describe('import window', () => {
  it('writes every record', async () => {
    const client = new FakeClient();
    const { window, refused } = windowOn(client);
    for (let line = 1; line <= 5000; line += 1) await window.add(record(line));
    await window.finish();
    expect(window.written).toBe(5000);
    expect(client.entries.size).toBe(5000);
    expect(refused).toEqual([]);
  });

  it('keeps a bounded number in flight', async () => {
    const client = new FakeClient();
    let flying = 0;
    let most = 0;
    client.beforePut = async () => {
      flying += 1;
      most = Math.max(most, flying);
      await new Promise((resolve) => setImmediate(resolve));
      flying -= 1;
    };
    const { window } = windowOn(client);
    for (let line = 1; line <= 20_000; line += 1) await window.add(record(line));
    await window.finish();
    expect(most).toBeGreaterThan(1000);
    expect(most).toBeLessThanOrEqual(9 * 512);
  });

  it('names records that are refused and goes on with the rest', async () => {
    const client = new FakeClient();
    client.beforePut = (key) => {
      if (key.toString() === 'k7') throw new CaskError('KEY_TOO_LONG', 'too long');
    };
    const { window, refused } = windowOn(client);
    for (let line = 1; line <= 1000; line += 1) await window.add(record(line));
    await window.finish();
    expect(refused).toEqual([7]);
    expect(window.written).toBe(999);
  });

  it('repeats in order after trouble that passes: the last line of a key wins', async () => {
    const client = new FakeClient();
    let troubles = 3;
    let puts = 0;
    client.beforePut = () => {
      puts += 1;
      if (puts % 700 === 5 && troubles > 0) {
        troubles -= 1;
        throw new CaskError(troubles === 1 ? 'OUTCOME_UNKNOWN' : 'BUSY', 'passing');
      }
    };
    const { window, refused } = windowOn(client);
    for (let line = 1; line <= 3000; line += 1) {
      await window.add(record(line, `k${line % 10}`, `v${line}`));
    }
    await window.finish();
    expect(troubles).toBe(0);
    expect(refused).toEqual([]);
    expect(window.written).toBe(3000);
    for (let key = 0; key < 10; key += 1) {
      const last = key === 0 ? 3000 : 2990 + key;
      expect(client.entries.get(`k${key}`)?.value.toString()).toBe(`v${last}`);
    }
  });

  it.each(['BUSY', 'STORE_FAILED'] as const)('gives up on %s that does not pass', async (code) => {
    const client = new FakeClient();
    client.beforePut = (key) => {
      if (key.toString() === 'k600') throw new CaskError(code, 'for ever');
    };
    const { window } = windowOn(client);
    for (let line = 1; line <= 700; line += 1) await window.add(record(line));
    await expect(window.finish()).rejects.toMatchObject({ code });
    expect(window.written).toBeGreaterThanOrEqual(512);
  });
});
