/** Counts over several turns, while keys come and go. */

import { expect, test } from 'vitest';
import { keyBounds } from '../../../src/storage/keydir/key-bounds.ts';
import type { KeyRange } from '../../../src/vocabulary/entry.ts';
import { KeydirModel, randomizer } from './keydir-model.ts';

const KEYS = 3000;
const key = (number: number): Buffer => Buffer.from(`k${String(number).padStart(5, '0')}`);

function within(model: KeydirModel, { start = '', end, prefix = '' }: KeyRange): number {
  return [...model.entries.values()].filter((entry) => {
    const text = entry.key.toString();
    return text >= start && text.startsWith(`${prefix}`) && (end === undefined || text < end);
  }).length;
}

const RANGES: KeyRange[] = [
  {},
  { start: 'k00500' },
  { end: 'k02500' },
  { start: 'k00100', end: 'k02900' },
  { start: 'k01000', end: 'k01000' },
  { start: 'k02000', end: 'k01000' },
  { prefix: 'k02' },
  { prefix: 'k02', start: 'k021', end: 'k0225' },
  { prefix: 'nothing' },
  { start: 'k00000', end: 'k00001' },
];

test.each(RANGES)('%j, at once', (range) => {
  const model = new KeydirModel();
  for (let number = 0; number < KEYS; number += 1) model.put(key(number));
  const tally = model.keydir.newTally(keyBounds(range));
  expect(tally.step(Number.POSITIVE_INFINITY)).toBe(true);
  expect(tally.count).toBe(within(model, range));
});

test.each(RANGES)('%j, in an empty keydir', (range) => {
  const model = new KeydirModel();
  const tally = model.keydir.newTally(keyBounds(range));
  expect(tally.step(1)).toBe(true);
  expect(tally.count).toBe(0);
});

/** Puts and removes as the random numbers have it; only removes where `isShrinking`. */
function change(model: KeydirModel, random: (limit: number) => number, isShrinking: boolean): void {
  for (let count = 0; count < 60; count += 1) {
    const changed = key(random(KEYS));
    if (isShrinking || random(2) === 0) model.remove(changed);
    else model.put(changed);
  }
}

test.each(RANGES)('%j, while keys come and go, of which there may be none left', (range) => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const random = randomizer(seed);
  for (const isShrinking of [false, true]) {
    const model = new KeydirModel();
    for (let number = 0; number < KEYS; number += 2) model.put(key(number));
    const tally = model.keydir.newTally(keyBounds(range));
    model.keydir.watch(tally);
    while (!tally.step(1)) change(model, random, isShrinking);
    // what is told after the end counts still
    for (let number = 0; number < KEYS; number += 7) model.put(key(number));
    expect(tally.count, `seed ${seed}`).toBe(within(model, range));
  }
});
