import { describe, expect, test } from 'vitest';
import { crashImage } from './crash-image.ts';
import { EventLoop } from './event-loop.ts';
import { FaultPlan, type FaultSpec } from './fault-plan.ts';
import { imageDigest } from './image-digest.ts';
import { FAST } from './latency.ts';
import { applyOperations, type DiskSnapshot, SimulatedDisk } from './simulated-disk.ts';
import { SimulatedFileSystem } from './simulated-file-system.ts';

interface Machine {
  readonly fs: SimulatedFileSystem;
  readonly disk: SimulatedDisk;
  readonly run: <T>(work: Promise<T>) => Promise<T>;
}

function machine(fault?: FaultSpec): Machine {
  const disk = new SimulatedDisk();
  const loop = new EventLoop();
  const fs = new SimulatedFileSystem({
    disk,
    loop,
    latency: FAST,
    observer: { onChange: () => {}, beforeChange: () => {}, onOperation: () => {} },
    isOpening: () => false,
    faults: fault === undefined ? undefined : new FaultPlan(fault),
    capacityBytes: () => 10_000,
  });
  return { fs, disk, run: (work) => loop.runUntil(work) };
}

/** Names and contents of the root directory. */
function contents(image: DiskSnapshot): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, id] of image.directories.get('/')?.durable ?? []) {
    const file = image.files.get(id);
    const bytes = file === undefined ? [] : applyOperations(file.durable, file.pending);
    found[name] = Buffer.from(bytes).toString('latin1');
  }
  return found;
}

const drop = { mode: 'drop', variant: 0 } as const;

async function writeFile({ fs, run }: Machine, name: string, text: string): Promise<void> {
  const file = await run(fs.open(`/${name}`, 'create'));
  await run(file.write(Buffer.from(text), 0, text.length, 0));
  await run(file.close());
}

describe('a crash that drops what is pending', () => {
  test('keeps no file of which only the bytes were synced', async () => {
    const it = machine();
    const file = await it.run(it.fs.open('/a', 'create'));
    await it.run(file.write(Buffer.from('hello'), 0, 5, 0));
    await it.run(file.sync());
    expect(contents(crashImage(it.disk.snapshot(), drop))).toEqual({});
    await it.run(it.fs.syncDirectory('/'));
    expect(contents(crashImage(it.disk.snapshot(), drop))).toEqual({ a: 'hello' });
  });

  test('keeps an empty file of which only the entry was synced', async () => {
    const it = machine();
    await writeFile(it, 'a', 'hello');
    await it.run(it.fs.syncDirectory('/'));
    expect(contents(crashImage(it.disk.snapshot(), drop))).toEqual({ a: '' });
  });

  test('undoes a rename and an unlink that were not synced', async () => {
    const it = machine();
    await writeFile(it, 'a', '');
    await writeFile(it, 'b', '');
    await it.run(it.fs.syncDirectory('/'));
    await it.run(it.fs.rename('/a', '/c'));
    await it.run(it.fs.unlink('/b'));
    expect(contents(crashImage(it.disk.snapshot(), drop))).toEqual({ a: '', b: '' });
  });

  test('loses what was written after a sync was issued', async () => {
    const it = machine();
    const file = await it.run(it.fs.open('/a', 'create'));
    await it.run(it.fs.syncDirectory('/'));
    await it.run(file.write(Buffer.from('one'), 0, 3, 0));
    const syncing = file.datasync();
    const writing = file.write(Buffer.from('two'), 0, 3, 3);
    await it.run(Promise.all([syncing, writing]));
    expect(contents(crashImage(it.disk.snapshot(), drop))).toEqual({ a: 'one' });
  });
});

test('a failed sync reads back until the crash, and is gone then', async () => {
  const it = machine({ kind: 'failed-sync', operation: 1, times: 1 });
  const file = await it.run(it.fs.open('/a', 'create'));
  await it.run(it.fs.syncDirectory('/'));
  await it.run(file.write(Buffer.from('one'), 0, 3, 0));
  await expect(it.run(file.sync())).rejects.toMatchObject({ code: 'EIO' });
  await it.run(file.sync()); // a retry falsely succeeds
  const buffer = Buffer.alloc(3);
  await it.run(file.read(buffer, 0, 3, 0));
  expect(buffer.toString()).toBe('one');
  for (const mode of ['drop', 'tear', 'reorder'] as const) {
    const image = crashImage(it.disk.snapshot(), { mode, variant: 1 });
    expect(contents(image)).toEqual({ a: '' });
  }
});

test('tearing cuts one of the last operations, reordering takes any subset', async () => {
  const it = machine();
  const file = await it.run(it.fs.open('/a', 'create'));
  await it.run(it.fs.syncDirectory('/'));
  for (let page = 0; page < 4; page += 1) {
    await it.run(file.write(Buffer.alloc(512, 65 + page), 0, 512, page * 512));
  }
  const snapshot = it.disk.snapshot();
  const digests = { tear: new Set<number>(), reorder: new Set<number>() };
  for (let variant = 0; variant < 60; variant += 1) {
    for (const mode of ['tear', 'reorder'] as const) {
      digests[mode].add(imageDigest(crashImage(snapshot, { mode, variant })));
    }
  }
  expect(digests.tear.size).toBeGreaterThan(15);
  expect(digests.reorder.size).toBeGreaterThan(10);
});

test('what does not fit is refused', async () => {
  const it = machine();
  const file = await it.run(it.fs.open('/a', 'create'));
  const writing = file.write(Buffer.alloc(10_001), 0, 10_001, 0);
  await expect(it.run(writing)).rejects.toMatchObject({ code: 'ENOSPC' });
});
