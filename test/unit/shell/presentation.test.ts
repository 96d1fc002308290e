import { describe, expect, it } from 'vitest';
import { csvField, printEntries, printHeader } from '../../../src/shell/entry-printer.ts';
import { ProgressBar } from '../../../src/shell/progress.ts';
import { formatByteCount, formatCount, formatDuration } from '../../../src/shell/quantity.ts';
import { clip, renderTable } from '../../../src/shell/table.ts';
import { fakeIo } from './fake-io.ts';

const ENTRY = {
  key: Buffer.from('a,b'),
  value: Buffer.of(0xff, 0x0a),
  revision: 7,
  version: 2,
  createdAt: 1,
  updatedAt: 2,
};

describe('quantities', () => {
  it('are written for people', () => {
    expect([0, 1023, 1536, 5 * 1024 ** 3].map(formatByteCount)).toEqual([
      '0 B',
      '1023 B',
      '1.5 KiB',
      '5.0 GiB',
    ]);
    expect(formatCount(1_234_567)).toBe('1,234,567');
    expect([0.25, 2500, 83_000, 7_260_000, 90_000_000].map(formatDuration)).toEqual([
      '0.25 ms',
      '2.5 s',
      '1 min 23 s',
      '2 h 1 min',
      '1 d 1 h',
    ]);
  });
});

describe('entries', () => {
  it.each([
    ['text', 'a,b\t\\xff\\n\n'],
    ['hex', '612c62\tff0a\n'],
    [
      'json',
      '{"key":"a,b","value_b64":"/wo=","revision":7,"version":2,"created_at":1,"updated_at":2}\n',
    ],
    ['csv', '"a,b",\\xff\\n,7,2,1,2,\n'],
    ['table', 'a,b  \\xff\\n\n'],
  ] as const)('%s', (format, text) => {
    expect(printEntries([ENTRY], { format, parts: 'key-value', columns: 80 })).toBe(text);
  });

  it('raw: the bytes as they are', () => {
    const options = { format: 'raw', parts: 'key-value', columns: 80 } as const;
    expect(printEntries([ENTRY], options)).toEqual(Buffer.from('a,b\t\xff\n\n', 'latin1'));
  });

  it('prints keys or values alone', () => {
    const options = { format: 'text', columns: 80 } as const;
    expect(printEntries([ENTRY], { ...options, parts: 'keys' })).toBe('a,b\n');
    expect(printEntries([ENTRY], { ...options, parts: 'values' })).toBe('\\xff\\n\n');
    expect(printHeader({ format: 'csv', parts: 'values', columns: 80 })).toBe('value\n');
  });

  it('keys alone have the lengths of their values where the server tells them', () => {
    const { value: _, updatedAt: __, ...key } = ENTRY;
    const sized = { ...key, valueBytes: 300 };
    const options = { parts: 'keys', columns: 80 } as const;
    expect(printEntries([sized], { ...options, format: 'csv' })).toBe('"a,b",7,2,1,,,300\n');
    expect(JSON.parse(String(printEntries([sized], { ...options, format: 'json' })))).toEqual({
      ...{ key: 'a,b', revision: 7, version: 2, created_at: 1, value_bytes: 300 },
    });
  });

  it('cuts what a line of the terminal cannot hold', () => {
    const entry = { ...ENTRY, value: Buffer.alloc(1000, 'x') };
    const text = String(
      printEntries([entry], { format: 'table', parts: 'key-value', columns: 40 }),
    );
    expect(text).toHaveLength(40);
    expect(text).toMatch(/x…\n$/);
  });

  it('quotes fields of CSV', () => {
    expect(csvField('a"b')).toBe('"a""b"');
    expect(csvField('plain')).toBe('plain');
  });
});

describe('tables', () => {
  it('align columns, wide characters too', () => {
    expect(renderTable([])).toBe('');
    expect(
      renderTable([
        ['漢字', 'x'],
        ['a', 'y'],
      ]),
    ).toBe('漢字  x\na     y\n');
    expect(clip('🙂🙂🙂', 2)).toBe('🙂…');
  });
});

describe('progress bar', () => {
  it('draws share, rate and time left, at most ten times a second', () => {
    const io = fakeIo({ terminal: true });
    let now = 0;
    const bar = new ProgressBar(io.stderr, { unit: 'lines', bytesTotal: 1000 }, () => now);
    now = 1000;
    bar.update(50, 250);
    now = 1050;
    bar.update(60, 300);
    bar.clear();
    const drawn = io.stderr.text.split('\r\x1b[K').filter((text) => text !== '');
    expect(drawn).toEqual([`[${'='.repeat(4)}${' '.repeat(12)}] 25 %  50 lines  50/s  3 s left`]);
  });

  it('is silent elsewhere', () => {
    const io = fakeIo();
    const bar = new ProgressBar(io.stderr, { unit: 'lines', bytesTotal: undefined });
    bar.update(1, 1);
    bar.clear();
    expect(io.stderr.text).toBe('');
  });
});
