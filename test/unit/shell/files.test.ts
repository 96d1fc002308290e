import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CaskError } from '../../../src/errors/cask-error.ts';
import { FakeClient } from './fake-client.ts';
import { runWith } from './fake-io.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'caskctl-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

async function file(...lines: readonly string[]): Promise<string> {
  const path = join(directory, 'in.ndjson');
  await writeFile(path, lines.join('\n'));
  return path;
}

describe('batch', () => {
  it('batch applies puts and deletes at once', async () => {
    const client = new FakeClient().fill({ old: 'x' });
    const path = await file(
      '{"type":"put","key":"a","value":"1","ttl_ms":100,"if_absent":true}',
      '{"type":"delete","key":"old"}',
      '{"type":"delete","key":"none"}',
    );
    const ran = await runWith(client, ['batch', path]);
    expect(ran).toMatchObject({ exitCode: 0, out: 'ok, 1 put, 1 deleted\n' });
    expect([...client.entries.keys()]).toEqual(['a']);
  });

  it.each([
    ['{"type":"put","key":"a"}', 'needs either "value" or "value_b64"'],
    ['{"type":"move","key":"a"}', '"type" must be "put" or "delete"'],
    ['{"type":"delete","key":"a","if_revison":3}', 'unknown name "if_revison"'],
    ['{"type":"delete","key":"a","if_absent":true}', 'unknown name "if_absent"'],
    ['nonsense', 'not JSON'],
  ])('batch refuses %s and applies nothing', async (line, why) => {
    const client = new FakeClient();
    const ran = await runWith(client, ['batch', '-'], {
      stdin: `{"type":"put","key":"a","value":"1"}\n${line}\n`,
    });
    expect(ran.exitCode).toBe(2);
    expect(ran.err).toContain(`line 2: ${why}`);
    expect(client.calls).toEqual([]);
  });
});

describe('import and export', () => {
  it('import writes good lines, names bad ones, and ends with 1', async () => {
    const client = new FakeClient();
    const path = await file(
      '{"key":"a","value":"1"}',
      '{"key":"b"',
      '',
      '{"key_b64":"/w==","value_b64":"AAE=","ttl_ms":60000}',
      '{"key":"c","value":"3","ttl":5}',
      '{"key":"c","value":"3"}',
    );
    const ran = await runWith(client, ['import', path, '--json']);
    expect(ran.exitCode).toBe(1);
    expect(ran.err).toMatch(
      /^BAD_LINE: line 2: not JSON: .*\nBAD_LINE: line 5: unknown name "ttl"\n$/,
    );
    expect(JSON.parse(ran.out)).toMatchObject({ imported: 3, refused: 2 });
    expect(client.entries.get('\xff')?.value).toEqual(Buffer.of(0, 1));
    expect(client.putOptions).toEqual([{}, { ttlMs: 60_000 }, {}]);
    expect(client.calls.at(-1)).toBe('sync');
  });

  it('import says how far it came when the server fails', async () => {
    const client = new FakeClient();
    client.beforePut = () => {
      throw new CaskError('STORE_FAILED', 'the disk is gone');
    };
    const ran = await runWith(client, ['import', await file('{"key":"a","value":"1"}')]);
    expect(ran.exitCode).toBe(1);
    expect(ran.err).toBe(
      'STOPPED: the import stopped after 0 records were written\nSTORE_FAILED: the disk is gone\n',
    );
  });

  it('import reads what export wrote', async () => {
    const client = new FakeClient().fill({ a: '1', b: 'ü\n' });
    client.entries.set('\xfe', {
      ...(await client.put(Buffer.of(0xfe), Buffer.of(0xff))),
      value: Buffer.of(0xff),
      expiresAt: Date.now() + 60_000,
    });
    const out = join(directory, 'out.ndjson');
    expect(await runWith(client, ['export', out])).toMatchObject({
      exitCode: 0,
      out: '3 exported\n',
    });
    const again = await runWith(client, ['export', out]);
    expect(again).toMatchObject({ exitCode: 2 });
    expect(again.err).toMatch(/^USAGE: cannot write/);
    const lines = (await readFile(out, 'utf8')).trimEnd().split('\n');
    expect(lines[0]).toBe('{"key":"a","value":"1"}');
    const copy = new FakeClient();
    expect((await runWith(copy, ['import', out])).exitCode).toBe(0);
    expect([...copy.entries].map(([key, { value }]) => [key, value])).toEqual(
      [...client.entries].map(([key, { value }]) => [key, value]),
    );
    const ttlMs = copy.putOptions.at(-1)?.ttlMs ?? 0;
    expect(ttlMs).toBeGreaterThan(50_000);
    expect(ttlMs).toBeLessThanOrEqual(60_000);
  });

  it('import leaves out what has expired since the export', async () => {
    const client = new FakeClient();
    const path = await file(
      `{"key":"later","value":"1","expires_at":${Date.now() + 60_000}}`,
      '{"key":"over","value":"1","expires_at":1700000000000}',
      '{"key":"both","value":"1","expires_at":1700000000000,"ttl_ms":5}',
    );
    const ran = await runWith(client, ['import', path]);
    expect(ran.out).toMatch(/^1 imported, 1 refused, 1 had expired, /);
    expect(ran.err).toContain('line 3: "ttl_ms" and "expires_at" exclude each other');
    expect([...client.entries.keys()]).toEqual(['later']);
  });
});
