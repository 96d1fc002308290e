import { expect, test } from 'vitest';
import { exposureProblem } from '../../../src/daemon/exposure.ts';

const NOTHING = { isAuthenticated: false, isTls: false, insecure: false };
const REACHABLE = ['0.0.0.0', '::', '10.0.0.1', '::ffff:10.0.0.1', 'db.example', 'localhost.evil'];

test.each(['127.0.0.1', '127.9.9.9', '::1', 'localhost', '::ffff:127.0.0.1'])(
  '%s needs nothing',
  (host) => {
    expect(exposureProblem({ host, port: 1 }, NOTHING)).toBeUndefined();
  },
);

test.each(REACHABLE)('%s needs users and TLS', (host) => {
  const address = { host, port: 1 };
  const problems = [
    exposureProblem(address, NOTHING),
    exposureProblem(address, { ...NOTHING, isAuthenticated: true }),
    exposureProblem(address, { ...NOTHING, isTls: true }),
  ];
  expect(problems.map((it) => it?.includes('--users-file'))).toEqual([true, false, true]);
  expect(problems.map((it) => it?.includes('--tls-cert'))).toEqual([true, true, false]);
  const both = { ...NOTHING, isAuthenticated: true, isTls: true };
  expect(exposureProblem(address, both)).toBeUndefined();
});

test.each(REACHABLE)('%s needs nothing if whoever runs it says so', (host) => {
  expect(exposureProblem({ host, port: 1 }, { ...NOTHING, insecure: true })).toBeUndefined();
});
