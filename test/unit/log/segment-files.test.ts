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
