/** batch: puts and deletes of a file, all or nothing. */

import type { BatchItem, BatchItemResult, PutOptions } from '../../vocabulary/entry.ts';
import { EXIT_OK, UsageError } from '../exit-codes.ts';
import { openInput } from '../input-file.ts';
import {
  booleanOf,
  bytesOf,
  integerOf,
  type JsonObject,
  LineError,
  parseJsonObject,
  refuseUnknown,
} from '../json-bytes.ts';
import { type NumberedLine, numberedLines } from '../ndjson-lines.ts';
import { printResult } from '../print-result.ts';
import type { CommandSpec } from './command.ts';

/** More than the most that a server can be configured to take. */
const ITEMS_MAX = 50_000;

const DELETE_NAMES = new Set(['type', 'key', 'key_b64', 'if_present', 'if_revision']);
const PUT_NAMES = new Set([
  ...DELETE_NAMES,
  ...['value', 'value_b64', 'ttl_ms', 'keep_ttl', 'if_absent'],
]);

export const batch: CommandSpec = {
  name: 'batch',
  summary: 'apply the puts and deletes of a file, all or nothing',
  args: [{ name: '<file>', kind: 'file', summary: 'NDJSON; - is standard input' }],
  flags: [],
  notes:
    'One JSON object per line:\n' +
    '  {"type":"put","key":"k","value":"v","ttl_ms":60000,"if_absent":true}\n' +
    '  {"type":"delete","key_b64":"/w==","if_revision":12}\n' +
    'Bytes that are not UTF-8 go under key_b64 and value_b64. Further conditions and options:\n' +
    'if_present, keep_ttl. Conditions see the state before the batch.',

  async run(invocation) {
    const [file = ''] = invocation.args;
    const items = await readItems(invocation.shell, file);
    const client = await invocation.shell.client();
    const results = items.length === 0 ? [] : await client.batch(items);
    await printResult(invocation, { results: results.map(jsonResult) }, sentenceOf(items, results));
    return EXIT_OK;
  },
};

async function readItems(
  shell: Parameters<typeof openInput>[0],
  file: string,
): Promise<BatchItem[]> {
  const { stream } = await openInput(shell, file);
  const items: BatchItem[] = [];
  for await (const lines of numberedLines(stream)) {
    for (const line of lines) {
      if (items.length === ITEMS_MAX) throw new UsageError(`more than ${ITEMS_MAX} lines`);
      items.push(itemOfLine(line));
    }
  }
  return items;
}

function itemOfLine({ number, text, problem }: NumberedLine): BatchItem {
  try {
    if (problem !== undefined) throw new LineError(problem);
    return itemOf(parseJsonObject(text));
  } catch (error) {
    if (!(error instanceof LineError)) throw error;
    throw new UsageError(`line ${number}: ${error.message}; nothing was applied`);
  }
}

function itemOf(object: JsonObject): BatchItem {
  const { type } = object;
  const key = bytesOf(object, 'key');
  switch (type) {
    case 'put':
      refuseUnknown(object, PUT_NAMES);
      return { type: 'put', key, value: bytesOf(object, 'value'), ...optionsOf(object) };
    case 'delete':
      refuseUnknown(object, DELETE_NAMES);
      return { type: 'delete', key, ...optionsOf(object) };
    default:
      throw new LineError('"type" must be "put" or "delete"');
  }
}

function optionsOf(object: JsonObject): PutOptions {
  const ttlMs = integerOf(object, 'ttl_ms', 1);
  const ifRevision = integerOf(object, 'if_revision', 0);
  return {
    ...(ttlMs === undefined ? {} : { ttlMs }),
    ...(ifRevision === undefined ? {} : { ifRevision }),
    ...(booleanOf(object, 'keep_ttl') ? { keepTtl: true } : {}),
    ...(booleanOf(object, 'if_absent') ? { ifAbsent: true } : {}),
    ...(booleanOf(object, 'if_present') ? { ifPresent: true } : {}),
  };
}

function jsonResult({ revision, version }: BatchItemResult): object {
  return { revision: revision ?? null, version: version ?? null };
}

function sentenceOf(items: readonly BatchItem[], results: readonly BatchItemResult[]): string {
  const puts = items.filter((item) => item.type === 'put').length;
  const deleted = results.filter(
    (result, index) => items[index]?.type === 'delete' && result.revision !== undefined,
  ).length;
  return `ok, ${puts} put, ${deleted} deleted`;
}
