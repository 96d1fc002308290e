import { expect, it } from 'vitest';
import { FakeClient } from './fake-client.ts';
import { runWith } from './fake-io.ts';

it('says when it ran, and what it found', async () => {
  const ran = await runWith(new FakeClient(), ['scrub']);
  expect(ran).toMatchObject({ exitCode: 0, err: '' });
  expect(ran.out).toBe(
    'idle, last 2023-11-14T22:13:20.000Z, 2 since the start, damaged segments found: 1\n',
  );
});

it('runs now, at a rate of its own', async () => {
  const client = new FakeClient();
  const ran = await runWith(client, ['scrub', 'run', '--bytes-per-second', '0']);
  expect(ran).toMatchObject({ exitCode: 0, out: 'clean: 3 segments, 4.0 KiB, 12 ms\n' });
  expect(client.calls).toEqual(['scrub 0']);
});

it('is exit code 1 when there is damage', async () => {
  const client = new FakeClient();
  client.damagedSegments = [4];
  const ran = await runWith(client, ['scrub', 'run']);
  expect(ran.exitCode).toBe(1);
  expect(ran.out).toMatch(/^damaged: 1 segment \(4\) in 3 segments/);
});

it('stops', async () => {
  expect((await runWith(new FakeClient(), ['scrub', 'stop'])).out).toBe('none runs\n');
  const ran = await runWith(new FakeClient(), ['scrub', 'stop', '--json']);
  expect(JSON.parse(ran.out)).toEqual({ stopped: false });
});

it.each([[['scrub', 'now']], [['scrub', 'status', '--bytes-per-second', '1']]])(
  '%j is usage',
  async (words) => {
    expect((await runWith(new FakeClient(), words)).exitCode).toBe(2);
  },
);
