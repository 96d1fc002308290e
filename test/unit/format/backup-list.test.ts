import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { decodeBackupList, encodeBackupList } from '../../../src/storage/format/backup-list.ts';
import {
  backupName,
  isBackupName,
  isUnfinishedBackupName,
} from '../../../src/storage/format/backup-name.ts';
import { sha256Hex } from '../../../src/storage/format/sha256.ts';
import { BACKUP_FILE, GOLDEN_BACKUP, GOLDEN_DIRECTORY } from '../../golden/golden-v1.ts';

const intact = readFileSync(new URL(BACKUP_FILE, GOLDEN_DIRECTORY));

/** The golden list with other lines, and the checksum that goes with them. */
function changed(change: (lines: string[]) => void): Buffer {
  const lines = intact.toString().split('\n').slice(0, -2);
  change(lines);
  const text = lines.map((line) => `${line}\n`).join('');
  return Buffer.from(`${text}{"sha256":"${sha256Hex(text)}"}\n`);
}

function head(fields: Readonly<Record<string, unknown>>): Buffer {
  return changed((lines) => {
    lines[0] = JSON.stringify({ ...JSON.parse(lines[0] ?? ''), ...fields });
  });
}

it('reads the golden list, and writes it back as it was', () => {
  const decoded = decodeBackupList(intact);
  expect(decoded).toEqual(GOLDEN_BACKUP);
  expect(Buffer.from(encodeBackupList(decoded)).equals(intact)).toBe(true);
});

it('ignores names that it does not know', () => {
  expect(decodeBackupList(head({ later: [1, 2] }))).toEqual(GOLDEN_BACKUP);
});

it('finds any flipped byte, and any cut', () => {
  for (let at = 0; at < intact.length; at += 1) {
    const bytes = Buffer.from(intact);
    bytes[at] = (bytes[at] as number) ^ 0x01;
    const code = expect.stringMatching(/^(NOT_A_BACKUP|UNSUPPORTED_FORMAT)$/);
    expect(() => decodeBackupList(bytes)).toThrowError(expect.objectContaining({ code }));
    expect(() => decodeBackupList(intact.subarray(0, at))).toThrowError(
      expect.objectContaining({ code: 'NOT_A_BACKUP' }),
    );
  }
});

it('refuses a newer version, and names it', () => {
  expect(() => decodeBackupList(head({ version: 2 }))).toThrowError(
    expect.objectContaining({
      code: 'UNSUPPORTED_FORMAT',
      message: expect.stringContaining('format version 2; this caskd knows 1'),
    }),
  );
});

it.each([
  [{ uuid: '../..' }, 'uuid'],
  [{ revision: -1 }, 'revision'],
  [{ revision: 2 ** 60 }, 'revision'],
  [{ time: '5' }, 'time'],
  [{ damaged: ['x'] }, 'damaged'],
])('%j is refused', (fields, names) => {
  expect(() => decodeBackupList(head(fields))).toThrowError(
    expect.objectContaining({
      code: 'NOT_A_BACKUP',
      message: expect.stringContaining(names),
    }),
  );
});

it.each([
  '../MANIFEST',
  '/etc/passwd',
  'seg-0000000001.log/../../x',
  'LOCK',
  'BACKUP',
  'x.tmp',
  '',
])('never believes the name %j', (name) => {
  const list = changed((lines) => {
    lines[1] = JSON.stringify({ name, bytes: 1, sha256: '00'.repeat(32) });
  });
  expect(() => decodeBackupList(list)).toThrowError(
    expect.objectContaining({ message: expect.stringContaining('no file of a backup') }),
  );
});

it('names of backups sort by time, and tell the unfinished', () => {
  const [first, second] = [backupName(1_700_000_000_000, 9), backupName(1_700_000_000_001, 10)];
  expect(first).toBe('backup-20231114T221320.000Z-r9');
  expect(first < second).toBe(true);
  expect([first, `${first}.tmp`, 'backup-x', `${first}/..`].map(isBackupName)).toEqual([
    true,
    false,
    false,
    false,
  ]);
  expect([first, `${first}.tmp`, 'x.tmp'].map(isUnfinishedBackupName)).toEqual([
    false,
    true,
    false,
  ]);
});
