import { closeSync, existsSync, openSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  countOpenFiles,
  parseCpuTimes,
  parseOpenFilesMax,
  readCpuTimes,
} from '../../../src/host/proc-files.ts';

const STAT = `cpu  1000 200 300 40000 50 6 7 80 0 0
cpu0 500 100 150 20000 25 3 3 40 0 0
intr 12345
`;
const LIMITS = `Limit                     Soft Limit           Hard Limit           Units
Max processes             100                  200                  processes
Max open files            1024                 524288               files
`;

describe('/proc/stat', () => {
  test('adds up what belongs together, in seconds', () => {
    expect(parseCpuTimes(STAT)).toEqual({
      user: 12,
      system: 3.13,
      iowait: 0.5,
      idle: 400,
      steal: 0.8,
    });
  });

  test.each(['', 'cpu0 1 2 3 4 5 6 7 8', 'cpu 1 2'])('%j tells nothing', (text) => {
    expect(parseCpuTimes(text)).toBeUndefined();
  });
});

describe('/proc/self/limits', () => {
  test('the soft limit', () => expect(parseOpenFilesMax(LIMITS)).toBe(1024));
  test('none', () => {
    expect(parseOpenFilesMax('Max open files   unlimited  unlimited  files')).toBeUndefined();
    expect(parseOpenFilesMax('')).toBeUndefined();
  });
});

test.runIf(existsSync('/proc/self/fd'))('counts the descriptors of this process', async () => {
  const before = await countOpenFiles();
  const more = Array.from({ length: 50 }, () => openSync('/dev/null', 'r'));
  const after = await countOpenFiles();
  for (const fd of more) closeSync(fd);
  // the test's own process may open or close a few meanwhile
  expect(Math.abs((after ?? 0) - (before ?? 0) - 50)).toBeLessThan(10);
});

test.runIf(existsSync('/proc/stat'))('CPU times of the machine only grow', async () => {
  const first = await readCpuTimes();
  const second = await readCpuTimes();
  expect(second?.idle).toBeGreaterThanOrEqual(first?.idle ?? Infinity);
});
