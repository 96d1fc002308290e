/** The passes of the demo over all files: write, range, compare. */

import { type CaskClient, CaskError } from '../../src/client/index.ts';
import { type FilePart, readPart } from './files.ts';
import type { Ledger } from './ledger.ts';
import type { Amount } from './report.ts';
import { inWindow } from './window.ts';

/** Differences that are named; the rest is counted. */
const PROBLEMS_SHOWN = 10;
const PAGE_ITEMS = 100;

export interface Written extends Amount {
  /** Puts that were sent and never answered. */
  readonly unanswered: number;
}

/**
 * Puts every part. When the connection ends underway, notes what was left unanswered and returns.
 * @param onBytes told how many bytes are acknowledged so far
 */
export async function writeAll(
  client: CaskClient,
  parts: readonly FilePart[],
  ledger: Ledger,
  onBytes: (bytes: number) => void = () => {},
): Promise<Written> {
  let entries = 0;
  let bytes = 0;
  let unanswered = 0;
  const write = async (part: FilePart): Promise<void> => {
    const value = await readPart(part);
    try {
      const { revision } = await client.put(part.key, value);
      ledger.acknowledged(part.key, revision);
      entries += 1;
      bytes += part.bytes;
      onBytes(bytes);
    } catch (thrown) {
      if (client.status !== 'closed' || !(thrown instanceof CaskError)) throw thrown;
      // any other code says for certain that the put was not applied
      if (thrown.code !== 'OUTCOME_UNKNOWN') return;
      ledger.unanswered(part.key);
      unanswered += 1;
    }
  };
  await inWindow(parts, write, () => client.status === 'closed');
  return { entries, bytes, unanswered };
}

/** Ranges over a prefix and compares keys, order and values with the files. */
export async function rangeOver(
  client: CaskClient,
  parts: readonly FilePart[],
  prefix: string,
): Promise<Amount> {
  const expected = parts.filter(({ key }) => key.startsWith(prefix));
  let entries = 0;
  let bytes = 0;
  for await (const found of client.range({ prefix, pageSize: PAGE_ITEMS })) {
    if (found.error) throw found.error;
    const part = expected[entries];
    const key = found.key.toString();
    if (part?.key !== key) throw new Error(`the range gave ${key} instead of ${part?.key}`);
    if (!found.value.equals(await readPart(part))) throw new Error(`${key} differs from its file`);
    entries += 1;
    bytes += found.value.length;
  }
  if (entries !== expected.length) throw new Error(`the range gave ${entries} entries only`);
  return { entries, bytes };
}

/** Compares every acknowledged value with the file on disk. @throws naming the differences */
export async function compareAll(
  client: CaskClient,
  parts: readonly FilePart[],
  ledger: Ledger,
): Promise<Amount> {
  const problems: string[] = [];
  let bytes = 0;
  await inWindow(parts, async (part) => {
    const [found, expected] = await Promise.all([client.getEntry(part.key), readPart(part)]);
    const problem = ledger.problem(part.key, found, expected);
    if (problem !== undefined) problems.push(problem);
    bytes += part.bytes;
  });
  const count = await client.count();
  if (count !== ledger.keys) problems.push(`${count} keys are there, ${ledger.keys} were written`);
  if (problems.length > 0) {
    const shown = problems.slice(0, PROBLEMS_SHOWN).join('\n  ');
    throw new Error(`${problems.length} differences:\n  ${shown}`);
  }
  return { entries: parts.length, bytes };
}
