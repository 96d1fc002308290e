/**
 * `npm run demo`: caskd on real data, killed in the middle of its work.
 *
 * Stores every file under node_modules, ranges over a prefix, writes everything again and kills
 * the daemon with -9 half way through, starts it again, compares every acknowledged value (and
 * its revision) with the file on disk, merges, and compares again. Exits with 1 on any
 * difference. Takes about a minute at most; `--root` takes a smaller directory instead.
 */

import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import { Command } from 'commander';
import { type CaskClient, connect } from '../src/client/index.ts';
import { ChildDaemon } from './child-daemon.ts';
import { type FilePart, listParts } from './demo/files.ts';
import { Ledger } from './demo/ledger.ts';
import { compareAll, rangeOver, type Written, writeAll } from './demo/passes.ts';
import { Report } from './demo/report.ts';

const NODE_MODULES = fileURLToPath(new URL('../node_modules', import.meta.url));

interface DemoOptions {
  readonly root: string;
  readonly durability: string;
}

async function runDemo({ root, durability }: DemoOptions, directory: string): Promise<void> {
  const report = new Report();
  const flags = ['--data', join(directory, 'data'), '--durability', durability];
  const ledger = new Ledger();
  let daemon = await ChildDaemon.start(flags);
  try {
    let client = await connectTo(daemon);
    const partBytesMax = client.serverInfo?.limits.maxValueBytes ?? 0;
    const parts = await listParts(resolve(root), partBytesMax);
    await report.step('first pass', () => writeAll(client, parts, ledger));
    const prefix = largestPrefix(parts, basename(resolve(root)));
    await report.step(`range over ${prefix}`, () => rangeOver(client, parts, prefix));

    const cut = await report.step('second pass, cut', () =>
      writeUntilKilled(daemon, client, parts, ledger),
    );
    console.log(`kill -9 with ${cut.unanswered} puts unanswered`);

    await report.step('restart', async () => {
      daemon = await ChildDaemon.start(flags);
      client = await connectTo(daemon);
      await daemon.msUntil('index-ready');
      return { entries: ledger.keys, bytes: 0 };
    });
    await report.step('compare', () => compareAll(client, parts, ledger));
    const merged = await report.step('merge', () => merge(client, parts));
    await report.step('compare again', () => compareAll(client, parts, ledger));
    await client.close();
    await daemon.stop();
    console.log(`\n${report}`);
    console.log(`merge: ${merged.before} -> ${merged.after} bytes of log`);
    console.log(`every acknowledged value is there: ${ledger.keys} keys`);
  } finally {
    await daemon.kill();
  }
}

/** A connection that ends for good when the daemon does. */
function connectTo(daemon: ChildDaemon): Promise<CaskClient> {
  return connect({ url: daemon.url, clientName: 'demo', reconnect: false });
}

/**
 * Writes everything again, small and large files mixed; the daemon is killed once half of the
 * bytes are acknowledged.
 */
async function writeUntilKilled(
  daemon: ChildDaemon,
  client: CaskClient,
  parts: readonly FilePart[],
  ledger: Ledger,
): Promise<Written> {
  const half = parts.reduce((sum, { bytes }) => sum + bytes, 0) / 2;
  let killed: Promise<void> | undefined;
  const mixed = parts.toSorted((one, other) => crc32(one.key) - crc32(other.key));
  const written = await writeAll(client, mixed, ledger, (bytes) => {
    if (bytes >= half) killed ??= daemon.kill();
  });
  if (killed === undefined) throw new Error('the second pass ended before the kill');
  await killed;
  return written;
}

interface Merged {
  readonly entries: number;
  readonly bytes: number;
  readonly before: number;
  readonly after: number;
}

async function merge(client: CaskClient, parts: readonly FilePart[]): Promise<Merged> {
  const { bytesBefore, bytesAfter } = await client.merge();
  return { entries: parts.length, bytes: bytesAfter, before: bytesBefore, after: bytesAfter };
}

/** The directory right under the root that has most entries. */
function largestPrefix(parts: readonly FilePart[], rootName: string): string {
  const counts = new Map<string, number>();
  for (const { key } of parts) {
    const end = key.indexOf('/', rootName.length + 1);
    if (end < 0) continue;
    const prefix = key.slice(0, end + 1);
    counts.set(prefix, (counts.get(prefix) ?? 0) + 1);
  }
  const [largest] = [...counts].sort(([, one], [, other]) => other - one);
  return largest?.[0] ?? `${rootName}/`;
}

const options = new Command('demo')
  .description('Stores real files, kills the daemon underway, and compares what survived.')
  .option('--root <directory>', 'whose files to store', NODE_MODULES)
  .option('--durability <mode>', 'always, interval or os', 'always')
  .parse()
  .opts<DemoOptions>();
if (!(await stat(options.root)).isDirectory()) throw new Error(`${options.root}: no directory`);
const directory = await mkdtemp(join(tmpdir(), 'caskd-demo-'));
try {
  await runDemo(options, directory);
} catch (thrown) {
  console.error(thrown instanceof Error ? thrown.message : thrown);
  process.exitCode = 1;
} finally {
  await rm(directory, { recursive: true, force: true });
}
