import { describe, expect, it } from 'vitest';
import { formatAddress, resolveTarget, type TargetOptions } from '../../../src/client/address.ts';
import { backoffMs, DEFAULT_BACKOFF } from '../../../src/client/backoff.ts';

describe('resolveTarget', () => {
  it.each([
    [{}, '127.0.0.1:7117'],
    [{ host: 'db', port: 5 }, 'db:5'],
    [{ url: 'cask://db' }, 'db:7117'],
    [{ url: 'casks://db' }, 'db:7117'],
    [{ url: 'cask://db:99/' }, 'db:99'],
    [{ url: 'cask://[::1]:99' }, '[::1]:99'],
    [{ url: 'cask://me:pw@[::1]:99' }, '[::1]:99'],
  ])('%j is at %s', (options, expected) => {
    expect(formatAddress(resolveTarget(options).address)).toBe(expected);
  });

  it('asks for TLS by casks:// alone', () => {
    expect(resolveTarget({ url: 'casks://db' }).isTls).toBe(true);
    expect(resolveTarget({ url: 'cask://db' }).isTls).toBe(false);
    expect(resolveTarget({}).isTls).toBe(false);
  });

  it.each<[TargetOptions, object | undefined]>([
    [{}, undefined],
    [{ url: 'cask://db' }, undefined],
    [{ url: 'cask://me:pw@db' }, { user: 'me', password: 'pw' }],
    [{ url: 'cask://me:p%40w%3A%2F@db' }, { user: 'me', password: 'p@w:/' }],
    [
      { url: 'cask://db', user: 'me', password: 'pw' },
      { user: 'me', password: 'pw' },
    ],
    [
      { user: 'me', password: '' },
      { user: 'me', password: '' },
    ],
  ])('takes user and password from %j', (options, expected) => {
    expect(resolveTarget(options).credentials).toEqual(expected);
  });

  it.each<[TargetOptions, RegExp]>([
    [{ url: 'cask://me@db' }, /password is missing/],
    [{ url: 'cask://:hunter2@db' }, /user is missing/],
    [{ user: 'me' }, /password is missing/],
    [{ password: 'hunter2' }, /user is missing/],
    [{ url: 'cask://me:hunter2@db', user: 'me', password: 'hunter2' }, /stand in the url already/],
    [{ url: 'cask://me:hunter2%zz@db' }, /two hex digits/],
    [{ url: 'cask://me:hunter2@db:99999' }, /url is none/],
    [{ url: 'http://me:hunter2@db' }, /http:\/\/ is unknown/],
  ])('refuses %j, and does not quote the password', (options, why) => {
    const resolving = () => resolveTarget(options);
    expect(resolving).toThrow(why);
    expect(resolving).not.toThrow('hunter2');
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
