/** put: store a value under a key. */

import type { PutOptions } from '../../vocabulary/entry.ts';
import { metaOf } from '../entry-printer.ts';
import { parseEscapes } from '../escapes.ts';
import { EXIT_OK, UsageError } from '../exit-codes.ts';
import { stdinOf } from '../input-file.ts';
import { printResult } from '../print-result.ts';
import { readAll } from '../shell-io.ts';
import type { CommandSpec, Flags, Invocation } from './command.ts';

/** The server refuses smaller ones already; this only bounds our memory. */
const STDIN_BYTES_MAX = 1024 * 1024 * 1024;

export const put: CommandSpec = {
  name: 'put',
  summary: 'store a value under a key',
  args: [
    { name: '<key>', kind: 'key', summary: 'the key' },
    { name: '[value]', kind: 'value', summary: 'the value; left out with -x' },
  ],
  flags: [
    { flags: '-x, --stdin', kind: 'switch', summary: 'the value is what standard input holds' },
    { flags: '--ttl-ms <ms>', kind: 'count', summary: 'expire after so many milliseconds' },
    { flags: '--keep-ttl', kind: 'switch', summary: 'keep the expiry that the key has' },
    { flags: '--if-absent', kind: 'switch', summary: 'only if the key is absent' },
    { flags: '--if-present', kind: 'switch', summary: 'only if the key is present' },
    { flags: '--if-revision <n>', kind: 'revision', summary: 'only if its revision is n' },
  ],
  notes: 'Without --ttl-ms and --keep-ttl an expiry that the key has is removed.',

  async run(invocation) {
    const [key = ''] = invocation.args;
    const value = await valueBytes(invocation);
    const client = await invocation.shell.client();
    const meta = await client.put(parseEscapes(key), value, writeOptions(invocation.flags));
    const sentence = `ok, revision ${meta.revision}, version ${meta.version}`;
    await printResult(invocation, metaOf(meta), sentence);
    return EXIT_OK;
  },
};

async function valueBytes({ shell, args, flags }: Invocation): Promise<Buffer> {
  const [, value] = args;
  if (flags.has('stdin')) {
    if (value !== undefined) throw new UsageError('give a value or -x, not both');
    const bytes = await readAll(stdinOf(shell), STDIN_BYTES_MAX);
    if (bytes === undefined) throw new UsageError('standard input holds more than 1 GiB');
    return bytes;
  }
  if (value === undefined) throw new UsageError('put needs a value, or -x to read it from stdin');
  return parseEscapes(value);
}

/** Conditions and time to live from the flags; only what was given. */
export function writeOptions(flags: Flags): PutOptions {
  const ttlMs = flags.number('ttlMs');
  const ifRevision = flags.number('ifRevision');
  return {
    ...(ttlMs === undefined ? {} : { ttlMs }),
    ...(flags.has('keepTtl') ? { keepTtl: true } : {}),
    ...(flags.has('ifAbsent') ? { ifAbsent: true } : {}),
    ...(flags.has('ifPresent') ? { ifPresent: true } : {}),
    ...(ifRevision === undefined ? {} : { ifRevision }),
  };
}
