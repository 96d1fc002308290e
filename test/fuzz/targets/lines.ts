/** NDJSON as the shell imports it. */

import {
  bytesOf,
  integerOf,
  LineError,
  parseJsonObject,
  refuseUnknown,
} from '../../../src/shell/json-bytes.ts';
import { numberedLines } from '../../../src/shell/ndjson-lines.ts';
import { chopped, type FuzzTarget, mustHold } from '../fuzz-target.ts';

/** Small, so that it is met. */
const LINE_BYTES_MAX = 200;
const NAMES = new Set(['key', 'key_b64', 'value', 'value_b64', 'ttl_ms']);

const SEEDS = [
  '{"key":"k","value":"v"}\n',
  '{"key_b64":"/w==","value_b64":"AAE=","ttl_ms":60000}\n\n  \n{"key":"\\u00e4","value":""}',
  '{"key":"ä😀","value":"\\ud83d\\ude00","ttl_ms":1}\r\n[1,2]\nnull\n"text"\n{"key":1}\n',
  `{"key":"long","value":"${'x'.repeat(170)}"}\n{"key":"k","value":"${'y'.repeat(250)}"}\n`,
  `${'['.repeat(150)}\n{"__proto__":{"key":"k"},"value":"v"}\n{"key":"\\ud800","value":"v"}\n`,
];

function readLine(text: string): string {
  try {
    const object = parseJsonObject(text);
    refuseUnknown(object, NAMES);
    const ttlMs = integerOf(object, 'ttl_ms', 1);
    const lengths = [bytesOf(object, 'key').length, bytesOf(object, 'value').length];
    return `${lengths} ${ttlMs}`;
  } catch (thrown) {
    if (thrown instanceof LineError) return thrown.message;
    throw thrown;
  }
}

async function lineOutcome(chunks: readonly Buffer[]): Promise<string> {
  const seen: string[] = [];
  const total = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  async function* stream() {
    yield* chunks;
  }
  for await (const lines of numberedLines(stream(), LINE_BYTES_MAX)) {
    for (const { number, text, problem, bytesRead } of lines) {
      mustHold(Buffer.byteLength(text) <= LINE_BYTES_MAX, 'a line has at most its limit');
      mustHold(bytesRead <= total, 'no more is read than there is');
      seen.push(`${number} ${bytesRead} ${problem ?? readLine(text)}`);
    }
  }
  return seen.join('; ');
}

export const importLines: FuzzTarget = {
  name: 'import-lines',
  seeds: SEEDS.map((text) => Buffer.from(text)),
  codes: [],
  allocationMax: (bytes) => 2 * bytes + 4096,
  outcome: lineOutcome,
  feed: async (bytes, random) => {
    const whole = await lineOutcome([bytes]);
    const cut = await lineOutcome(chopped(bytes, random));
    mustHold(cut === whole, 'cutting it changes nothing');
    return whole === '' ? 'no line' : 'lines';
  },
};
