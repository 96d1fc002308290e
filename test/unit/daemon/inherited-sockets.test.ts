import { describe, expect, test } from 'vitest';
import { takeInheritedSockets } from '../../../src/daemon/inherited-sockets.ts';
import { UsageError } from '../../../src/daemon/usage-error.ts';

const PID = 4711;

describe('takeInheritedSockets', () => {
  test('one socket, whatever its name', () => {
    const environment = { LISTEN_PID: '4711', LISTEN_FDS: '1', LISTEN_FDNAMES: 'x.socket', A: 'b' };
    expect([...takeInheritedSockets(environment, PID)]).toEqual([['caskd', 3]]);
    expect(environment).toEqual({ A: 'b' });
  });

  test('without a name', () => {
    const environment = { LISTEN_PID: '4711', LISTEN_FDS: '1' };
    expect([...takeInheritedSockets(environment, PID)]).toEqual([['caskd', 3]]);
  });

  test('none', () => {
    expect(takeInheritedSockets({}, PID).size).toBe(0);
  });

  test('those of another process are neither taken nor handed on', () => {
    const environment = { LISTEN_PID: '12', LISTEN_FDS: '1' };
    expect(takeInheritedSockets(environment, PID).size).toBe(0);
    expect(environment).toEqual({});
  });

  test.each([
    ['0', 'caskd'],
    ['-1', 'caskd'],
    ['1.5', 'caskd'],
    ['17', 'caskd'],
    ['one', 'caskd'],
    ['', 'caskd'],
    ['2', 'caskd:caskd'],
    ['2', 'caskd:other'],
    ['2', 'caskd'],
    ['2', ''],
  ])('refuses %s sockets named "%s"', (LISTEN_FDS, LISTEN_FDNAMES) => {
    const environment = { LISTEN_PID: '4711', LISTEN_FDS, LISTEN_FDNAMES };
    expect(() => takeInheritedSockets(environment, PID)).toThrow(UsageError);
  });
});
