/** dump-segment: print every record of one segment file. */

import type { DumpedHeader, DumpedRecord, DumpedStretch } from '../../storage/offline/index.ts';
import { formatBytes } from '../escapes.ts';
import { EXIT_OK, EXIT_SERVER_ERROR, UsageError } from '../exit-codes.ts';
import { jsonBytes } from '../json-bytes.ts';
import { formatCount, formatCounted, formatMoment } from '../quantity.ts';
import { write } from '../shell-io.ts';
import type { CommandSpec, Invocation } from './command.ts';

/** Bytes of a value that are shown without --values. */
const PREVIEW_BYTES = 32;
const OUTPUT_BYTES = 64 * 1024;
const OFFSET_DIGITS = 10;

export const dumpSegment: CommandSpec = {
  name: 'dump-segment',
  summary: 'print the records of a segment file',
  args: [{ name: '<file>', kind: 'file', summary: 'seg-*.log or seg-*.merged' }],
  flags: [{ flags: '--values', kind: 'switch', summary: 'print whole values' }],
  notes:
    'Offline: only reads the file, which a daemon may have open. What holds no record is named,\n' +
    'and passed over. Exit code 0: every record could be read, 1: some could not.',

  async run(invocation) {
    const { shell, args } = invocation;
    const [path = ''] = args;
    const offline = await import('../../storage/offline/index.ts');
    const printer = new DumpPrinter(invocation);
    try {
      await offline.dumpSegment({ path, signal: shell.signal, visitor: printer });
    } catch (error) {
      await printer.flush();
      if (!(error instanceof Error) || !('syscall' in error)) throw error;
      throw new UsageError(`cannot read ${path}: ${error.message}`);
    }
    await printer.flush();
    return printer.isDamaged ? EXIT_SERVER_ERROR : EXIT_OK;
  },
};

class DumpPrinter {
  readonly #invocation: Invocation;
  readonly #isJson: boolean;
  readonly #withValues: boolean;
  #text = '';
  isDamaged = false;

  constructor(invocation: Invocation) {
    this.#invocation = invocation;
    this.#isJson = invocation.format === 'json';
    this.#withValues = invocation.flags.has('values');
  }

  header(dumped: DumpedHeader): Promise<void> | undefined {
    if (dumped.problem !== undefined) this.isDamaged = true;
    return this.#print(this.#isJson ? JSON.stringify(jsonHeader(dumped)) : headerText(dumped));
  }

  record(record: DumpedRecord): Promise<void> | undefined {
    if (!record.isValueRight) this.isDamaged = true;
    const shown = this.#withValues ? record.value : record.value.subarray(0, PREVIEW_BYTES);
    if (this.#isJson) {
      return this.#print(JSON.stringify(jsonRecord(record, shown, this.#withValues)));
    }
    return this.#print(recordLine(record, shown));
  }

  stretch({ offset, bytes, kind }: DumpedStretch): Promise<void> | undefined {
    if (kind !== 'zeros') this.isDamaged = true;
    if (this.#isJson) return this.#print(JSON.stringify({ kind, offset, bytes }));
    return this.#print(`${atOffset(offset)}  ${STRETCHES[kind]}, ${formatCount(bytes)} bytes`);
  }

  flush(): Promise<void> {
    const text = this.#text;
    this.#text = '';
    return write(this.#invocation.shell.io.stdout, text);
  }

  #print(line: string): Promise<void> | undefined {
    this.#text += `${line}\n`;
    return this.#text.length < OUTPUT_BYTES ? undefined : this.flush();
  }
}

const STRETCHES: Readonly<Record<DumpedStretch['kind'], string>> = {
  damaged: 'DAMAGED: no record can be read here',
  zeros: 'zeros up to the end of the file',
  newer: 'UNKNOWN: a record of a newer caskd',
};

function headerText({ header, problem, salt, saltFrom, fileBytes }: DumpedHeader): string {
  const damaged = problem === undefined ? '' : `DAMAGED header: ${problem}\n`;
  const saltText = `salt 0x${salt.toString(16).padStart(8, '0')}`;
  const bytes = `${formatCount(fileBytes)} bytes`;
  if (header === undefined) return `${damaged}${saltText} (from the ${saltFrom}), ${bytes}`;
  const { kind, id, uuid, baseSequence, epoch, createdAt } = header;
  const store = `store ${Buffer.from(uuid).toString('hex')}`;
  const facts = `base sequence ${baseSequence}, epoch ${epoch}, created ${formatMoment(createdAt)}`;
  return `${damaged}${kind} segment ${id}, ${store}, ${facts}, ${saltText}, ${bytes}`;
}

function jsonHeader({ header, problem, salt, saltFrom, fileBytes }: DumpedHeader): object {
  const damaged = problem === undefined ? {} : { problem };
  const common = { kind: 'header', file_bytes: fileBytes, salt, salt_from: saltFrom, ...damaged };
  if (header === undefined) return common;
  return {
    ...common,
    segment_kind: header.kind,
    segment: header.id,
    store: Buffer.from(header.uuid).toString('hex'),
    base_sequence: header.baseSequence,
    epoch: header.epoch,
    created_at: header.createdAt,
  };
}

function recordLine(record: DumpedRecord, shown: Uint8Array): string {
  const { offset, type, flags, sequence, version, createdAt, updatedAt, expiresAt } = record;
  const hasVersion = type === 'put' || type === 'touch';
  const facts = [
    `${atOffset(offset)}  ${type.padEnd(6)}`,
    `sequence ${sequence}`,
    ...(hasVersion ? [`version ${version}`, `created ${formatMoment(createdAt)}`] : []),
    `updated ${formatMoment(updatedAt)}`,
    ...(expiresAt === undefined ? [] : [`expires ${formatMoment(expiresAt)}`]),
    ...flags.filter((flag) => flag !== 'EXPIRES'),
    ...(record.valueSequence === undefined ? [] : [`value of ${record.valueSequence}`]),
    ...(type === 'clear' ? [] : [`key ${formatBytes(record.key)}`]),
    ...(type === 'put' ? [valueText(record, shown)] : []),
    ...(record.isValueRight ? [] : ['DAMAGED value']),
  ];
  return facts.join('  ');
}

function valueText({ value }: DumpedRecord, shown: Uint8Array): string {
  const isCut = shown.length < value.length;
  return `value ${formatCounted(value.length, 'byte')}  ${formatBytes(shown)}${isCut ? '...' : ''}`;
}

function jsonRecord(record: DumpedRecord, shown: Uint8Array, withValues: boolean): object {
  const { key, value, expiresAt } = record;
  return {
    kind: 'record',
    offset: record.offset,
    bytes: record.bytes,
    type: record.type,
    flags: record.flags,
    sequence: record.sequence,
    proven_offset: record.provenOffset,
    version: record.version,
    created_at: record.createdAt,
    updated_at: record.updatedAt,
    ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
    ...jsonBytes('key', key),
    value_bytes: value.length,
    value_ok: record.isValueRight,
    ...(withValues ? jsonBytes('value', value) : { preview: formatBytes(shown) }),
  };
}

function atOffset(offset: number): string {
  return String(offset).padStart(OFFSET_DIGITS);
}
