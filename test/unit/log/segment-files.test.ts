import { expect, test } from 'vitest';
import type { FileHandle, FileSystem } from '../../../src/storage/disk/file-system.ts';
import { Segment } from '../../../src/storage/log/segment.ts';
import { SegmentFiles } from '../../../src/storage/log/segment-files.ts';

const OPEN_MAX = 1;
const QUICK = { close: async () => {} } as FileHandle;

/** A file whose close settles when it is told to. */
function slowToClose(): { readonly file: FileHandle; readonly finish: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { file: { close: () => promise } as FileHandle, finish: resolve };
}

function sealed(id: number): Segment {
  return new Segment({ id, kind: 'log', slot: id, salt: 0, state: 'sealed', bytes: 100 });
}

test.for([
  ['that somebody asked for', (files: SegmentFiles): void => void files.close(sealed(1))],
  ['that made room', (files: SegmentFiles): void => files.adopt(sealed(2), QUICK)],
] as const)('closing all waits for a close %s', async ([, cause]) => {
  const files = new SegmentFiles({} as FileSystem, '/', OPEN_MAX);
  const first = slowToClose();
  files.adopt(sealed(1), first.file);
  cause(files);
  expect(files.peek(sealed(1))).toBeUndefined();

  let isClosed = false;
  const closing = files.closeAll().then(() => {
    isClosed = true;
  });
  await new Promise(setImmediate);
  expect(isClosed).toBe(false);
  first.finish();
  await closing;
  expect(isClosed).toBe(true);
});

test('a file that was entered stays open until it is left, whatever else is opened', async () => {
  const closed: number[] = [];
  const fileOf = (id: number) => ({ close: async () => void closed.push(id) }) as FileHandle;
  const files = new SegmentFiles({} as FileSystem, '/', OPEN_MAX);
  files.adopt(sealed(1), fileOf(1));
  const entered = await files.enter(sealed(1));
  files.adopt(sealed(2), fileOf(2));
  expect(closed).toEqual([2]);
  files.adopt(sealed(3), fileOf(3));
  expect(closed).toEqual([2, 3]);
  files.leave(entered);
  files.adopt(sealed(4), fileOf(4));
  expect(closed).toEqual([2, 3, 1]);
});

test('once all are closed, none is opened again', async () => {
  const opened: string[] = [];
  const open = async (path: string) => {
    opened.push(path);
    return QUICK;
  };
  const files = new SegmentFiles({ open } as unknown as FileSystem, '/', OPEN_MAX);
  const entered = await files.enter(sealed(1));
  files.leave(entered);
  expect(opened).toHaveLength(1);
  await files.closeAll();
  await expect(files.enter(sealed(1))).rejects.toMatchObject({ code: 'CLOSED' });
  await expect(files.use(sealed(2), async () => 0)).rejects.toMatchObject({ code: 'CLOSED' });
  expect(opened).toHaveLength(1);
});
