import fc from 'fast-check';
import { expect, it } from 'vitest';
import { EngineClock } from '../../../src/storage/disk/engine-clock.ts';
import { FakeClock } from './fake-clock.ts';

it('follows the wall clock while that goes forward', () => {
  const world = new FakeClock();
  const clock = new EngineClock(world, 0);
  expect(clock.latest).toBe(0);
  expect(clock.now()).toBe(world.wall);
  world.pass(1500);
  expect(clock.now()).toBe(world.wall);
  world.wall += 60_000; // set forward
  expect(clock.now()).toBe(world.wall);
});

it('goes on by the monotonic clock when the wall clock is set back', () => {
  const world = new FakeClock();
  const clock = new EngineClock(world, 0);
  const before = clock.now();
  world.wall -= 3_600_000;
  expect(clock.now()).toBe(before);
  world.pass(250);
  expect(clock.now()).toBe(before + 250);
});

it('loses no fractions, however often it is asked', () => {
  const world = new FakeClock();
  const clock = new EngineClock(world, 0);
  const before = clock.now();
  world.wall = 0;
  for (let step = 0; step < 1000; step += 1) {
    world.monotonic += 0.125;
    clock.now();
  }
  expect(clock.now()).toBe(before + 125);
});

it('is not ahead of the wall clock after it was held up between its two readings', () => {
  let atMs = 1_700_000_000_000;
  let heldUpMs = 0;
  const reading = () => {
    const now = atMs;
    atMs += heldUpMs;
    return now;
  };
  const clock = new EngineClock({ wallMs: reading, monotonicMs: reading }, 0);
  heldUpMs = 70;
  clock.now();
  heldUpMs = 0;
  atMs += 5;
  expect(clock.now()).toBe(atMs);
  atMs += 1000;
  expect(clock.now()).toBe(atMs);
});

it('starts above the time of an earlier run', () => {
  const world = new FakeClock();
  const start = world.wall + 1_000_000;
  const clock = new EngineClock(world, start);
  expect(clock.latest).toBe(start);
  expect(clock.now()).toBe(start);
  world.pass(7.9);
  expect(clock.now()).toBe(start + 7);
});

it('advanceTo lifts it, and never lowers it', () => {
  const world = new FakeClock();
  const clock = new EngineClock(world, 0);
  const now = clock.now();
  clock.advanceTo(now - 5);
  expect(clock.latest).toBe(now);
  clock.advanceTo(now + 5000);
  expect(clock.latest).toBe(now + 5000);
  expect(clock.now()).toBe(now + 5000);
  world.pass(10);
  expect(clock.now()).toBe(now + 5010);
});

it('gives integers that never go back, whatever the clocks do', () => {
  const step = fc.record({
    wall: fc.double({ min: -1e6, max: 1e6, noNaN: true }),
    monotonic: fc.double({ min: 0, max: 1e4, noNaN: true }),
    advance: fc.option(fc.integer({ min: -1000, max: 100_000 })),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const world = new FakeClock();
      const clock = new EngineClock(world, world.wall - 500);
      let latest = clock.latest;
      for (const { wall, monotonic, advance } of steps) {
        const elapsed = Math.floor(monotonic);
        world.wall += wall;
        world.monotonic += monotonic;
        const now = clock.now();
        expect(Number.isInteger(now)).toBe(true);
        expect(now).toBeGreaterThanOrEqual(Math.max(latest, Math.floor(world.wall)));
        // The sum of many fractions may fall short of a whole millisecond.
        expect(now).toBeGreaterThanOrEqual(latest + elapsed - 1);
        if (advance !== null) clock.advanceTo(now + advance);
        latest = Math.max(now, clock.latest);
        expect(clock.latest).toBe(latest);
      }
    }),
  );
});
