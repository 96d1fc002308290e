import { expect, test } from 'vitest';
import { GatheringTurns } from '../../../src/storage/write/gathering-turns.ts';
import { FakeClock } from '../disk/fake-clock.ts';

/** A group of which the turns bring so many clients in all. @returns how many turns it takes */
function turnsOf(gathering: GatheringTurns, clients: readonly number[]): number {
  const turns = clients.findIndex((count) => !gathering.goesOn(count));
  expect(turns, 'it ends').toBeGreaterThanOrEqual(0);
  return turns;
}

test('a client alone waits for nobody', () => {
  const gathering = new GatheringTurns(new FakeClock());
  for (let group = 0; group < 10; group += 1) expect(turnsOf(gathering, [1, 1])).toBe(0);
});

test('after a group of many, others gather while each turn brings more', () => {
  const gathering = new GatheringTurns(new FakeClock());
  expect(turnsOf(gathering, [50])).toBe(0);
  expect(turnsOf(gathering, [10, 30, 50, 50])).toBe(3);
  expect(turnsOf(gathering, [1, 1])).toBe(1);
});

test('when the many have left, one that is alone soon waits no more', () => {
  const gathering = new GatheringTurns(new FakeClock());
  turnsOf(gathering, [50]);
  for (let group = 0; group < 30; group += 1) turnsOf(gathering, [1, 1]);
  expect(turnsOf(gathering, [1, 1])).toBe(0);
});

test('no further turn after half a millisecond', () => {
  const clock = new FakeClock();
  const gathering = new GatheringTurns(clock);
  turnsOf(gathering, [50]);
  expect(gathering.goesOn(10)).toBe(true);
  clock.pass(0.25);
  expect(gathering.goesOn(20)).toBe(true);
  clock.pass(0.25);
  expect(gathering.goesOn(30)).toBe(false);
});

test('a group without records is over', () => {
  const gathering = new GatheringTurns(new FakeClock());
  turnsOf(gathering, [50]);
  expect(gathering.goesOn(0)).toBe(false);
});
