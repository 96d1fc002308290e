/** What a merge is told of puts and touches. */

import { beforeEach, expect, it } from 'vitest';
import { Keydir } from '../../../src/storage/keydir/keydir.ts';
import {
  CURRENT,
  CURRENT_TOUCH,
  CURRENT_TOUCH_OF_INPUT,
  CURRENT_TOUCHED_VALUE,
  CURRENT_VALUE,
  type JudgedMerge,
  SUPERSEDED,
  VerdictJudge,
  VerdictRequestWriter,
} from '../../../src/storage/merge/verdicts.ts';

const KEY = Buffer.from('k');
const PUT_SLOT = 1;
const TOUCH_SLOT = 2;
const MERGE: JudgedMerge = {
  horizon: Number.MAX_SAFE_INTEGER,
  touchesUpTo: 20,
  now: 1000,
  isInput: (slot) => slot === PUT_SLOT,
};

let keydir: Keydir;

function judged(sequences: readonly number[], merge: JudgedMerge): VerdictJudge {
  const request = new VerdictRequestWriter();
  for (const sequence of sequences) request.add(sequence, KEY, 0, KEY.length);
  const { count, records } = request.take();
  const judge = new VerdictJudge(keydir, count, records, merge);
  while (!judge.step(1));
  return judge;
}

function touch(sequence: number, expiresAt: number): void {
  keydir.touch(KEY, 0, KEY.length, TOUCH_SLOT, 60, sequence, 500, expiresAt);
}

beforeEach(() => {
  keydir = new Keydir({ maxBytes: 2 ** 30, seed: Buffer.alloc(16, 7) });
  keydir.upsert(KEY, 0, KEY.length, PUT_SLOT, 64, 100, 5, 1, 400, 0);
});

it('the put of a touched key takes the touch in, which is dropped with it', () => {
  expect([...judged([5], MERGE).verdicts]).toEqual([CURRENT]);
  touch(10, 2000);
  const { verdicts, touches } = judged([5, 10, 3], MERGE);
  expect([...verdicts]).toEqual([CURRENT_TOUCHED_VALUE, CURRENT_TOUCH_OF_INPUT, SUPERSEDED]);
  expect(touches).toEqual([10, 500, 2000]);
});

it.each([
  ['it may be in the log that is written, or history is kept', 10, 2000, { touchesUpTo: 9 }],
  ['it has expired', 10, 1000, {}],
])('a touch stays a record of its own: %s', (_, sequence, expiresAt, changes) => {
  touch(sequence, expiresAt);
  const { verdicts, touches } = judged([5, sequence], { ...MERGE, ...changes });
  expect([...verdicts]).toEqual([CURRENT_VALUE, CURRENT_TOUCH]);
  expect(touches).toEqual([]);
});

it('a touch stays when its value is not merged', () => {
  touch(10, 0);
  const { verdicts } = judged([10], { ...MERGE, isInput: () => false });
  expect([...verdicts]).toEqual([CURRENT_TOUCH]);
});

it('a copy that took a touch in is what a later touch is of', () => {
  touch(10, 2000);
  touch(30, 0);
  expect(keydir.relocateTouched(KEY, 0, KEY.length, 10, 3, 64, 106, 2000)).toBe(true);
  const ref = keydir.find(KEY, 0, KEY.length);
  expect([keydir.sequence(ref), keydir.valueSequence(ref)]).toEqual([30, 10]);
  expect(keydir.relocateTouched(KEY, 0, KEY.length, 10, 3, 64, 106, 2000)).toBe(false);
});
