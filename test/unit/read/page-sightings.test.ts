import { expect, it } from 'vitest';
import { PageSightings } from '../../../src/storage/read/page-sightings.ts';

const CACHE_BYTES = 64 * 1024 * 1024;
/** Fingerprints that it has room for. */
const ROOM = (2 * CACHE_BYTES) / 512;

it('knows what was noted not long ago', () => {
  const sightings = new PageSightings({ bytesMax: CACHE_BYTES });
  const revisions = Array.from({ length: 1000 }, (_, index) => 2 ** 40 + index * 7);
  expect(revisions.filter((revision) => sightings.note(revision))).toEqual([]);
  expect(revisions.filter((revision) => !sightings.note(revision))).toEqual([]);
});

it('takes no value of a long walk for a known one', () => {
  const sightings = new PageSightings({ bytesMax: CACHE_BYTES });
  let known = 0;
  for (let revision = 1; revision <= 20 * ROOM; revision += 1) {
    if (sightings.note(revision)) known += 1;
  }
  expect(known).toBe(0);
  expect(sightings.note(1)).toBe(false);
});

it('begins anew when the cache has another size', () => {
  const cache = { bytesMax: CACHE_BYTES };
  const sightings = new PageSightings(cache);
  sightings.note(5);
  cache.bytesMax = 0;
  expect(sightings.note(5)).toBe(false);
  expect(sightings.note(5)).toBe(true);
});
