/** Compares everything that is visible after a restart with everything that was sent before. */

import { type CaskClient, CaskError, connect } from '../../src/client/index.ts';
import { descriptionOf } from './described-value.ts';
import type { Found, KeyHistory } from './key-history.ts';
import type { KeyOwner } from './key-owner.ts';
import { TortureError } from './torture-error.ts';

/** What is visible: by key. */
type Visible = ReadonlyMap<string, Found>;

export interface CheckFigures {
  /** Keys whose state was compared. */
  readonly keys: number;
  /** Values that were read and verified byte for byte. */
  readonly values: number;
  readonly revisionMax: number;
}

const LOADING_RETRY_MS = 5;

/**
 * @param when for the story of a key
 * @throws TortureError with the story of the key
 */
export async function checkAll(
  url: string,
  writers: readonly KeyOwner[],
  when: string,
): Promise<CheckFigures> {
  await using client = await connect({ url, clientName: 'check' });
  await untilLoaded(client);
  const startedAtMs = Date.now();
  const visible = await readAll(client, writers);
  const endedAtMs = Date.now();
  await checkCount(client, visible);
  let keys = 0;
  for (const writer of writers) keys += checkWriter(writer, visible, startedAtMs, endedAtMs, when);
  await checkPoints(client, writers, visible);
  const revisionMax = Math.max(0, ...[...visible.values()].map(({ revision }) => revision));
  return { keys, values: visible.size, revisionMax };
}

/** Ranges and counts answer LOADING until the index is built. */
async function untilLoaded(client: CaskClient): Promise<void> {
  for (;;) {
    try {
      await client.count();
      return;
    } catch (thrown) {
      if (!(thrown instanceof CaskError) || thrown.code !== 'LOADING') throw thrown;
      await new Promise((resolve) => setTimeout(resolve, LOADING_RETRY_MS));
    }
  }
}

async function readAll(client: CaskClient, writers: readonly KeyOwner[]): Promise<Visible> {
  const visible = new Map<string, Found>();
  let before = '';
  for await (const entry of client.range({ pageSize: 500 })) {
    const key = entry.key.toString();
    if (entry.error !== undefined) {
      throw new TortureError(
        `${key} cannot be read: ${entry.error.message}${storyOf(writers, key)}`,
      );
    }
    if (visible.has(key) || key <= before) {
      throw new TortureError(`the range gives ${key} after ${before}`);
    }
    before = key;
    visible.set(key, foundOf(key, entry.value, entry.revision, writers));
  }
  return visible;
}

/** @throws TortureError when the value is damaged, or another key's */
export function foundOf(
  key: string,
  value: Buffer,
  revision: number,
  writers: readonly KeyOwner[],
): Found {
  const bytes = value.length;
  if (bytes === 0) return { write: 0, item: 0, bytes, revision };
  const description = descriptionOf(value);
  if (description === undefined || description.key !== key) {
    const start = JSON.stringify(value.subarray(0, 100).toString('latin1'));
    throw new TortureError(
      `${key} holds a value that is not its own: ${start}${storyOf(writers, key)}`,
    );
  }
  return { write: description.write, item: description.item, bytes, revision };
}

/** Keys that expire between range and count make both right. */
async function checkCount(client: CaskClient, visible: Visible): Promise<void> {
  const count = await client.count();
  if (count === visible.size) return;
  let again = 0;
  for await (const page of client.range({ keysOnly: true }).pages()) again += page.length;
  const countAgain = await client.count();
  if (count < again || countAgain > again) {
    throw new TortureError(`count says ${count}, then ${countAgain}; the range has ${again} keys`);
  }
}

/** @returns keys compared */
function checkWriter(
  writer: KeyOwner,
  visible: Visible,
  startedAtMs: number,
  endedAtMs: number,
  when: string,
): number {
  const floor = floorOf(writer, visible);
  for (const [key, history] of writer.histories) {
    const found = visible.get(key);
    const atMs = found === undefined ? endedAtMs : startedAtMs;
    const problem = history.problemOf(found, floor, atMs);
    if (problem === undefined) {
      history.settle(found, floor, when);
      continue;
    }
    const rule = `(everything up to write ${floor} of its connection must be there)`;
    throw new TortureError(`${key}: ${problem} ${rule}${story(history)}`);
  }
  return writer.histories.size;
}

/**
 * The last write that is known to have been applied. The writes of a connection apply in the
 * order sent and a log is only ever cut at its end, so everything before it must be there, too:
 * batches whole.
 */
function floorOf(writer: KeyOwner, visible: Visible): number {
  let floor = 0;
  for (const [key, history] of writer.histories) {
    floor = Math.max(floor, history.lastRecorded, visible.get(key)?.write ?? 0);
  }
  return floor;
}

/** GET and the range agree. */
async function checkPoints(
  client: CaskClient,
  writers: readonly KeyOwner[],
  visible: Visible,
): Promise<void> {
  const known = new Set(writers.flatMap((writer) => [...writer.histories.keys()]));
  for (const key of visible.keys()) {
    if (!known.has(key)) throw new TortureError(`${key} is there and was never written`);
  }
  const keys = [...known];
  const entries = await client.getManyEntries(keys);
  for (const [index, entry] of entries.entries()) {
    const key = keys[index] as string;
    const seen = visible.get(key);
    if (entry?.error !== undefined) throw new TortureError(`${key}: ${entry.error.message}`);
    // it may have expired since
    if (entry === undefined && seen !== undefined && !(await isGone(client, key))) {
      throw new TortureError(`the range has ${key}, GET_MANY has not${storyOf(writers, key)}`);
    }
    if (entry !== undefined && entry.revision !== seen?.revision) {
      const revisions = `GET_MANY has revision ${entry.revision}, the range ${seen?.revision}`;
      throw new TortureError(`${key}: ${revisions}${storyOf(writers, key)}`);
    }
  }
}

async function isGone(client: CaskClient, key: string): Promise<boolean> {
  return !(await client.exists(key));
}

function storyOf(writers: readonly KeyOwner[], key: string): string {
  const history = writers.map(({ histories }) => histories.get(key)).find((it) => it !== undefined);
  return history === undefined ? '' : story(history);
}

export function story(history: KeyHistory): string {
  return `\nhistory of ${history.key}:\n${history.story}`;
}
