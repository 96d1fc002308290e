import { describe, expect, it } from 'vitest';
import { formatAddress, resolveAddress } from '../../../src/client/address.ts';
import { backoffMs, DEFAULT_BACKOFF } from '../../../src/client/backoff.ts';

describe('resolveAddress', () => {
  it.each([
    [{}, '127.0.0.1:7117'],
    [{ host: 'db', port: 5 }, 'db:5'],
    [{ url: 'cask://db' }, 'db:7117'],
    [{ url: 'cask://db:99/' }, 'db:99'],
    [{ url: 'cask://[::1]:99' }, '[::1]:99'],
  ])('%j is %s', (options, expected) => {
    expect(formatAddress(resolveAddress(options))).toBe(expected);
  });

  it('does not take credentials yet', () => {
    expect(() => resolveAddress({ url: 'cask://me:pw@db' })).toThrow(/not supported yet/);
  });
});

describe('backoffMs', () => {
  it('doubles up to the maximum, plus jitter', () => {
    const waits = [0, 1, 2, 6, 7, 1000].map((attempt) =>
      backoffMs(DEFAULT_BACKOFF, attempt, () => 0.5),
    );
    expect(waits).toEqual([150, 200, 300, 3300, 5100, 5100]);
  });
});
