/** The checks of a soak notice what is wrong: pages, memory, descriptors. */

import { describe, expect, it } from 'vitest';
import { LockedKeys } from '../../scripts/soak/locked-keys.ts';
import { memoryTrend } from '../../scripts/soak/memory-trend.ts';
import { checkPage, type Question } from '../../scripts/soak/page-check.ts';
import { problemsOf, type SoakReport } from '../../scripts/soak/report.ts';
import { describedValue } from '../../scripts/torture/described-value.ts';
import type { Attempt } from '../../scripts/torture/key-history.ts';
import { KeyOwner } from '../../scripts/torture/key-owner.ts';
import type { Entry } from '../../src/client/index.ts';

const KEYS = ['w/a', 'w/b', 'w/c', 'w/d'];
const UP: Question = { prefix: 'w/', from: 'w/a', reverse: false, keysOnly: false, limit: 10 };
const DOWN: Question = { ...UP, from: 'w/d', reverse: true };

function attempt(kind: 'put' | 'delete', write: number, item: number): Attempt {
  const when = { sentAtMs: 0, settledAtMs: 0, ttlMs: 0 };
  const outcome = { outcome: 'acknowledged' as const, answer: '' };
  return { kind, write, item, bytes: 200, revision: write, ...when, ...outcome };
}

/** Its keys a to d were put by the writes 1 to 4. */
function ownerOfAll(): KeyOwner {
  const owner = new KeyOwner('w', KEYS);
  for (const [index, key] of KEYS.entries()) {
    owner.histories.get(key)?.add(attempt('put', index + 1, 0));
  }
  return owner;
}

function entry(key: string, write: number): Entry {
  return {
    key: Buffer.from(key),
    value: describedValue({ key, write, item: 0 }, 200),
    revision: write,
    version: 1,
    createdAt: 0,
    updatedAt: 0,
    expiresAt: undefined,
  };
}

const [A, B, C, D] = [entry('w/a', 1), entry('w/b', 2), entry('w/c', 3), entry('w/d', 4)];

function problemOf(
  question: Question,
  entries: Entry[],
  { more = false, keys = KEYS, owner = ownerOfAll() } = {},
): string | undefined {
  return checkPage({ question, page: { entries, more }, owner, sentAtMs: 1, keys }).problem;
}

describe('a page', () => {
  it('that is right is let pass', () => {
    expect(problemOf(UP, [A, B, C, D])).toBeUndefined();
    expect(problemOf(UP, [A, B], { more: true })).toBeUndefined();
    expect(problemOf(DOWN, [C, B, A])).toBeUndefined();
    expect(problemOf(DOWN, [C], { more: true })).toBeUndefined();
  });

  it('without a key that is there is wrong, unless it may have gone meanwhile', () => {
    expect(problemOf(UP, [A, C, D])).toMatch(/^w\/b, in a range.*: it is absent/);
    expect(problemOf(DOWN, [C, A])).toMatch(/^w\/b, in a range.*: it is absent/);
    expect(problemOf(UP, [A, C, D], { keys: ['w/a', 'w/c', 'w/d'] })).toBeUndefined();
  });

  it('with an old state, or a key that was deleted, is wrong', () => {
    const owner = ownerOfAll();
    owner.histories.get('w/b')?.add(attempt('put', 5, 0));
    expect(problemOf(UP, [A, B, C, D], { owner })).toContain('none of the states allowed');
    owner.histories.get('w/c')?.add(attempt('delete', 6, 0));
    const entries = [A, entry('w/b', 5), C, D];
    expect(problemOf(UP, entries, { owner })).toContain('w/c');
  });

  it('in the wrong order, with a key twice, one too many or one outside is wrong', () => {
    expect(problemOf(UP, [A, C, B, D])).toContain('out of order');
    expect(problemOf(DOWN, [A, B, C])).toContain('out of order');
    expect(problemOf(UP, [A, B, B, C, D])).toContain('twice');
    expect(problemOf({ ...UP, limit: 3 }, [A, B, C, D])).toContain('has 4 entries');
    expect(problemOf({ ...UP, from: 'w/b' }, [A, B, C, D])).toContain('has w/a');
    expect(problemOf(DOWN, [D, C, B, A])).toContain('has w/d');
  });
});

describe('a locked key', () => {
  it('is nobody else’s, and not the same after it was used', () => {
    const locked = new LockedKeys(KEYS);
    const before = locked.turns();
    expect(locked.takeAll(['w/a', 'w/b'])).toBe(true);
    expect(locked.takeAll(['w/b', 'w/c'])).toBe(false);
    expect(locked.isSame('w/a', before)).toBe(false);
    expect(locked.isSame('w/a', locked.turns())).toBe(false);
    locked.release(['w/a', 'w/b']);
    expect(locked.isSame('w/a', before)).toBe(false);
    expect(locked.isSame('w/c', before)).toBe(true);
  });
});

describe('memory', () => {
  const MIB = 1024 * 1024;
  const over = (mibAt: (seconds: number) => number, count = 80) =>
    Array.from({ length: count }, (_, seconds) => {
      return { seconds, residentBytes: mibAt(seconds) * MIB };
    });

  it('that came up and stays levels off', () => {
    const trend = memoryTrend(over((seconds) => Math.min(300, 100 + 10 * seconds) + (seconds % 7)));
    expect(trend.levelsOff).toBe(true);
    expect(Math.abs(trend.slopeBytesPerMinute)).toBeLessThan(2 * MIB);
  });

  it('that goes on growing does not', () => {
    const trend = memoryTrend(over((seconds) => 100 + 2 * seconds));
    expect(trend.levelsOff).toBe(false);
    expect(trend.slopeBytesPerMinute).toBeCloseTo(120 * MIB, 0);
    expect(trend.growthBytes).toBeCloseTo(40 * MIB, 0);
    expect(trend.maxBytes).toBe(258 * MIB);
  });

  it('of a few seconds says nothing', () => {
    expect(memoryTrend(over((seconds) => 100 + seconds, 20)).levelsOff).toBeUndefined();
    expect(memoryTrend([]).growthBytes).toBe(0);
  });

  it('and descriptors beyond their bounds are problems', () => {
    const report = { descriptors: { before: 20, after: 22 }, maxBytes: 5, boundBytes: 5 };
    expect(problemsOf(report as SoakReport)).toEqual([]);
    const leaking = { descriptors: { before: 20, after: 90 }, maxBytes: 6, boundBytes: 5 };
    expect(problemsOf(leaking as SoakReport)).toHaveLength(2);
  });
});
