import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  asideName,
  hintName,
  parseFileName,
  segmentName,
  tornName,
} from '../../../src/storage/format/file-names.ts';

it('names are those of docs/format.md', () => {
  expect(segmentName('log', 1)).toBe('seg-0000000001.log');
  expect(segmentName('merged', 7)).toBe('seg-0000000007.merged');
  expect(hintName(1)).toBe('seg-0000000001.hint');
  expect(tornName(1, 0)).toBe('seg-0000000001.torn-0');
  expect(asideName(1, 2)).toBe('seg-0000000001.log.aside-2');
});

it('every name is parsed back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), fc.nat(99), (id, piece) => {
      expect(parseFileName(segmentName('log', id))).toEqual({ kind: 'log', id });
      expect(parseFileName(segmentName('merged', id))).toEqual({ kind: 'merged', id });
      expect(parseFileName(hintName(id))).toEqual({ kind: 'hint', id });
      expect(parseFileName(tornName(id, piece))).toEqual({ kind: 'torn', id });
      expect(parseFileName(asideName(id, piece))).toEqual({ kind: 'aside', id });
    }),
  );
});

it.each([
  ['MANIFEST', 'manifest'],
  ['LOCK', 'lock'],
  ['BALLAST', 'ballast'],
  ['MANIFEST.tmp', 'tmp'],
  ['seg-0000000001.hint.tmp', 'tmp'],
  ['seg-0000000001.log.tmp', 'tmp'],
])('%s is %s', (name, kind) => {
  expect(parseFileName(name)).toEqual({ kind, id: 0 });
});

it.each([
  'lost+found',
  '',
  'seg-1.log',
  'seg-0000000000.log',
  'seg-00000000001.log',
  'seg-0000000001.LOG',
  'seg-0000000001.log.aside',
  'seg-0000000001.log2',
  'xseg-0000000001.log',
  'seg-0000000001.torn',
  'seg-0000000001.torn-01',
  'seg-9999999999999999.log',
  'seg-0000000001.log\n',
  '../seg-0000000001.log',
  'manifest',
])('%j is not ours', (name) => {
  expect(parseFileName(name)).toBeUndefined();
});
