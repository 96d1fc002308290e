/** incr: count a counter up or down. */

import { integerFrom } from '../../vocabulary/integer-text.ts';
import { metaOf } from '../entry-printer.ts';
import { parseEscapes } from '../escapes.ts';
import { EXIT_OK, UsageError } from '../exit-codes.ts';
import { printResult } from '../print-result.ts';
import type { CommandSpec } from './command.ts';

export const incr: CommandSpec = {
  name: 'incr',
  summary: 'add to a counter, and print the sum',
  args: [
    { name: '<key>', kind: 'key', summary: 'the key' },
    { name: '[by]', kind: 'value', summary: 'what to add, an integer of 64 bits; 1 if left out' },
  ],
  flags: [],
  notes:
    'A counter is a value that is a decimal integer; an absent key counts from 0, and an expiry\n' +
    'stays. In JSON the sum is a string, for it may be too long for a number there.',

  async run(invocation) {
    const [key = '', by = '1'] = invocation.args;
    const step = stepOf(by);
    const client = await invocation.shell.client();
    const { value, ...meta } = await client.incr(parseEscapes(key), step);
    await printResult(invocation, { value: String(value), ...metaOf(meta) }, String(value));
    return EXIT_OK;
  },
};

function stepOf(text: string): number | bigint {
  const bytes = Buffer.from(text);
  const step = integerFrom(bytes, 0, bytes.length);
  if (step === undefined) throw new UsageError(`"${text}" is not a decimal integer of 64 bits`);
  return step;
}
