import { mkdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { FileHandle } from '../../../src/storage/disk/file-system.ts';
import { createNodeEnvironment } from '../../../src/storage/disk/node-environment.ts';
import { NodeFileSystem } from '../../../src/storage/disk/node-file-system.ts';
import {
  encodeRecord,
  RECORD_PUT,
  RecordView,
  recordBytes,
  viewTrustedRecord,
} from '../../../src/storage/format/record.ts';
import { MergedWriter } from '../../../src/storage/merge/merged-writer.ts';
import { scratchDirectories } from '../../crash/world/scratch.ts';

const newDirectory = scratchDirectories();
const MIB = 2 ** 20;
const SALT = 5;

/** What of a file is not covered by a sync that is done. */
class Dirty {
  bytes = 0;
  most = 0;
  syncs = 0;

  watch(file: FileHandle): FileHandle {
    const write = file.write.bind(file);
    const covered = async (sync: () => Promise<void>): Promise<void> => {
      const before = this.bytes;
      await new Promise((resolve) => setTimeout(resolve, 5));
      await sync();
      this.syncs += 1;
      this.bytes -= before;
    };
    const [datasync, sync] = [file.datasync.bind(file), file.sync.bind(file)];
    file.datasync = () => covered(datasync);
    file.sync = () => covered(sync);
    file.write = async (buffer, offset, length, position) => {
      this.bytes += length;
      this.most = Math.max(this.most, this.bytes);
      await write(buffer, offset, length, position);
    };
    return file;
  }
}

class WatchedFileSystem extends NodeFileSystem {
  readonly merged = new Dirty();

  override async open(path: string, mode: 'read' | 'write' | 'create'): Promise<FileHandle> {
    const file = await super.open(path, mode);
    return path.endsWith('.merged') ? this.merged.watch(file) : file;
  }
}

test.each([1000, 3 * MIB])('values of %i bytes: little is dirty at a time', async (valueBytes) => {
  const directory = newDirectory();
  mkdirSync(directory);
  const fs = new WatchedFileSystem();
  const environment = { ...createNodeEnvironment(), fs };
  const facts = { id: 3, salt: 9, epoch: 1, createdAt: 1, baseSequence: 1, segmentBytes: 2 ** 30 };
  const writer = await MergedWriter.create(environment, directory, new Uint8Array(16), facts);
  const key = Buffer.from('key-0000');
  const value = Buffer.alloc(valueBytes, 'v');
  const source = Buffer.alloc(recordBytes(key.length, valueBytes, false));
  const view = new RecordView();
  const records = Math.ceil((30 * MIB) / source.length);
  for (let index = 0; index < records; index += 1) {
    key.write(String(index).padStart(4, '0').slice(-4), 4);
    const rest = [value, 0, valueBytes, index + 1, 0, 1, 5, 6, 0] as const;
    encodeRecord(source, 0, SALT, 80, RECORD_PUT, 0, key, 0, key.length, ...rest);
    viewTrustedRecord(source, 0, view);
    if (writer.mustFlushFor(view)) await writer.flush();
    writer.copy(source, 0, view, SALT);
  }
  const output = await writer.finish();
  expect(output.records).toBe(records);
  expect(fs.merged.most).toBeGreaterThan(MIB);
  // 80: the header
  expect(fs.merged.most).toBeLessThanOrEqual(Math.max(2 * MIB, source.length) + 80);
  expect(fs.merged.bytes).toBe(0);
  expect(fs.merged.syncs).toBeGreaterThan(4);
});
