import { expect, test } from 'vitest';
import { formatAddress, isLoopback, parseAddress } from '../../../src/daemon/address.ts';

test.each([
  ['127.0.0.1:7117', '127.0.0.1', 7117],
  ['[::1]:0', '::1', 0],
  ['localhost:65535', 'localhost', 65_535],
  ['[fe80::1]:7117', 'fe80::1', 7117],
])('%s', (text, host, port) => {
  const address = parseAddress(text);
  expect(address).toEqual({ host, port });
  if (address !== undefined) expect(formatAddress(address)).toBe(text);
});

test.each([
  '',
  '7117',
  ':7117',
  'host',
  'host:',
  'host:65536',
  'host:-1',
  '::1:7117',
  '[::1]',
  '[host]:1',
  'a b:1',
])('"%s" is no address', (text) => {
  expect(parseAddress(text)).toBeUndefined();
});

test.each(['127.0.0.1', '127.9.9.9', '::1', 'localhost', '::ffff:127.0.0.1'])(
  '%s is loopback',
  (host) => {
    expect(isLoopback(host)).toBe(true);
  },
);

test.each(['0.0.0.0', '::', '10.0.0.1', '128.0.0.1', 'example.org', '::ffff:10.0.0.1'])(
  '%s is not',
  (host) => {
    expect(isLoopback(host)).toBe(false);
  },
);
