import { afterAll, describe, expect, it } from 'vitest';
import { runCaskctl } from '../../../src/shell/caskctl.ts';
import { fakeTerminal } from '../shell/fake-io.ts';
import { DamagedStore, removeTemplate } from './damaged-store.ts';

afterAll(removeTemplate);

/** Runs `caskctl repair` on a terminal, and types an answer once it asks. */
async function repairAnswering(directory: string, answer: string): Promise<[number, string]> {
  const io = fakeTerminal();
  const nobody = () => Promise.reject(new Error('offline commands do not connect'));
  const running = runCaskctl(['repair', directory], io, nobody);
  io.stdin.write(`${answer}\r`);
  return [await running, io.stderr.text];
}

describe('repair on a terminal', () => {
  it.each([
    ['y', 0, true],
    ['n', 1, false],
    ['', 1, false],
  ])('%j ends with %i', async (answer, code, isRepaired) => {
    await using made = await DamagedStore.create();
    await made.flip('seg-0000000002.log', 50);
    const [exitCode, asked] = await repairAnswering(made.directory, answer);
    expect(asked).toContain(`Repair ${made.directory} in place? [y/N]`);
    expect(exitCode).toBe(code);
    expect((await made.verify()).summary.clean).toBe(isRepaired);
  });
});
