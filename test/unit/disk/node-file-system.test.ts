import { mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type FileHandle,
  isNoSpace,
  readThen,
  readWholeFile,
} from '../../../src/storage/disk/file-system.ts';
import { NodeFileSystem } from '../../../src/storage/disk/node-file-system.ts';

const fs = new NodeFileSystem();
let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'caskd-fs-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

function at(name: string): string {
  return join(directory, name);
}

async function withFile(name: string, bytes: Uint8Array): Promise<string> {
  const file = await fs.open(at(name), 'create');
  await file.write(bytes, 0, bytes.length, 0);
  await file.close();
  return at(name);
}

describe('files', () => {
  it('are created for their owner only, and never over another', async () => {
    const path = await withFile('created', Buffer.of(1));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await expect(fs.open(path, 'create')).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(fs.open(at('none'), 'read')).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(fs.open(at('none'), 'write')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('read and write at positions, either way', async () => {
    const file = await fs.open(at('positions'), 'create');
    file.writeSync(Buffer.from('..hello..'), 2, 5, 10);
    await file.write(Buffer.from('world'), 0, 5, 15);
    await file.write(Buffer.of(), 0, 0, 99);
    expect(await file.size()).toBe(20);
    const one = Buffer.alloc(12, '-');
    expect(file.readSync(one, 1, 10, 10)).toBe(10);
    expect(one.toString()).toBe('-helloworld-');
    const other = Buffer.alloc(12, '-');
    expect(await file.read(other, 1, 10, 10)).toBe(10);
    expect(other).toEqual(one);
    expect(await file.read(other, 0, 0, 0)).toBe(0);
    await file.datasync();
    file.datasyncSync();
    await file.sync();
    await file.close();
  });

  it('give fewer bytes only at the end', async () => {
    const file = await fs.open(await withFile('short', Buffer.alloc(100, 7)), 'read');
    const buffer = Buffer.alloc(64);
    expect(await file.read(buffer, 0, 64, 80)).toBe(20);
    expect(file.readSync(buffer, 0, 64, 80)).toBe(20);
    expect(await file.read(buffer, 0, 64, 100)).toBe(0);
    expect(file.readSync(buffer, 0, 64, 5000)).toBe(0);
    await file.close();
  });

  it('grow with zeros and shrink', async () => {
    const file = await fs.open(await withFile('grown', Buffer.of(1, 2, 3)), 'write');
    await file.truncate(6);
    expect(await readWholeFile(fs, at('grown'))).toEqual(Buffer.of(1, 2, 3, 0, 0, 0));
    await file.truncate(2);
    expect(await file.size()).toBe(2);
    await file.close();
  });
});

describe('files that cannot', () => {
  it('opened for reading refuse writes, with the system error', async () => {
    const file = await fs.open(await withFile('readonly', Buffer.of(1)), 'read');
    await expect(file.write(Buffer.of(2), 0, 1, 0)).rejects.toMatchObject({ code: 'EBADF' });
    expect(() => file.writeSync(Buffer.of(2), 0, 1, 0)).toThrowError(/EBADF/);
    await file.close();
  });

  it('close once operations in flight are through, and do nothing afterwards', async () => {
    const file = await fs.open(await withFile('busy', Buffer.alloc(1 << 20, 3)), 'read');
    const buffers = Array.from({ length: 8 }, () => Buffer.alloc(1 << 20));
    const reads = buffers.map((buffer) => file.read(buffer, 0, buffer.length, 0));
    let closed = false;
    const closing = file.close().then(() => {
      closed = true;
    });
    await expect(file.read(Buffer.alloc(1), 0, 1, 0)).rejects.toMatchObject({ code: 'EBADF' });
    expect(() => file.datasyncSync()).toThrowError(/closed/);
    expect(closed).toBe(false);
    expect(await Promise.all(reads)).toEqual(buffers.map(() => 1 << 20));
    expect(buffers.every((buffer) => buffer.every((byte) => byte === 3))).toBe(true);
    await closing;
    await file.close();
  });

  it('reads without promises tell the same', async () => {
    const file = await fs.open(await withFile('told', Buffer.alloc(100, 7)), 'read');
    const buffer = Buffer.alloc(64);
    const told = (length: number, position: number): Promise<[Error | null, number]> =>
      new Promise((resolve) => {
        readThen(file, buffer, 0, length, position, (...outcome) => resolve(outcome));
      });
    expect(await told(64, 80)).toEqual([null, 20]);
    expect(buffer.subarray(0, 21)).toEqual(Buffer.concat([Buffer.alloc(20, 7), Buffer.alloc(1)]));
    expect(await told(64, 100)).toEqual([null, 0]);
    expect(await told(0, 0)).toEqual([null, 0]);
    const last = told(64, 0);
    const closing = file.close();
    expect(() => readThen(file, buffer, 0, 1, 0, () => {})).toThrowError(/closed/);
    expect(await last).toEqual([null, 64]);
    await closing;
    const folder = await fs.open(at('.'), 'read');
    const refused = await new Promise((resolve) => readThen(folder, buffer, 0, 1, 0, resolve));
    expect(refused).toMatchObject({ code: 'EISDIR' });
    await folder.close();
  });

  it('so do those of files that have promises only', async () => {
    const inner = await fs.open(await withFile('promises', Buffer.alloc(100, 7)), 'read');
    const file = { read: inner.read.bind(inner) } as FileHandle;
    const told = (): Promise<[Error | null, number]> =>
      new Promise((resolve) => {
        readThen(file, Buffer.alloc(64), 0, 64, 80, (...outcome) => resolve(outcome));
      });
    expect(await told()).toEqual([null, 20]);
    await inner.close();
    expect(await told()).toEqual([expect.objectContaining({ code: 'EBADF' }), 0]);
  });

  it('an argument that is refused leaves nothing in flight', async () => {
    const file = await fs.open(await withFile('refused', Buffer.of(1)), 'read');
    await expect(file.read(Buffer.alloc(1), 0, 9, 0)).rejects.toThrowError(/length/);
    await file.close();
  });

  it('on a full device fail with ENOSPC', async () => {
    symlinkSync('/dev/full', at('full'));
    const file = await fs.open(at('full'), 'write');
    const failure = await file.write(Buffer.alloc(10), 0, 10, 0).catch((thrown: unknown) => thrown);
    expect(isNoSpace(failure)).toBe(true);
    await file.close();
  });
});

describe('directories', () => {
  it('are made private, listed, synced', async () => {
    await fs.makeDirectory(at('inner'));
    expect(statSync(at('inner')).mode & 0o777).toBe(0o700);
    await expect(fs.makeDirectory(at('inner'))).rejects.toMatchObject({ code: 'EEXIST' });
    await fs.makeDirectory(at('inner/deep'));
    await expect(fs.removeDirectory(at('inner'))).rejects.toMatchObject({ code: 'ENOTEMPTY' });
    await fs.removeDirectory(at('inner/deep'));
    expect(await fs.kindOf(at('inner/deep'))).toBe('missing');
    await withFile('inner/b', Buffer.of(1));
    await fs.makeDirectory(at('inner/a'));
    await fs.syncDirectory(at('inner'));
    const entries = await fs.list(at('inner'));
    expect(entries.sort((x, y) => (x.name < y.name ? -1 : 1))).toEqual([
      { name: 'a', isFile: false },
      { name: 'b', isFile: true },
    ]);
    expect(await fs.kindOf(at('inner'))).toBe('directory');
    expect(await fs.kindOf(at('inner/b'))).toBe('file');
    expect(await fs.kindOf(at('inner/none'))).toBe('missing');
    expect(await fs.kindOf(at('inner/b/below-a-file'))).toBe('missing');
  });

  it('entries are renamed, linked, removed, measured', async () => {
    const path = await withFile('first', Buffer.from('abc'));
    await fs.rename(path, at('second'));
    await fs.link(at('second'), at('third'));
    await fs.unlink(at('second'));
    expect(await fs.sizeOf(at('second'))).toBeUndefined();
    expect(await fs.sizeOf(at('third'))).toBe(3);
    await expect(fs.unlink(at('second'))).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await fs.freeBytes(directory)).toBeGreaterThan(0);
  });
});
