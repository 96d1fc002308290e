/** What is fuzzed: a decoder with valid inputs, and what it must keep to. */

import type { SeededRandom } from '../../scripts/torture/seeded-random.ts';
import type { ErrorCode } from '../../src/errors/error-codes.ts';

export interface FuzzTarget {
  readonly name: string;
  /** Valid inputs, from which others are made by mutation. */
  readonly seeds: readonly Buffer[];
  /** Its share of the random inputs, when each of them takes long. @default 1 */
  readonly share?: number;
  /** The only errors that it may throw. */
  readonly codes: readonly ErrorCode[];
  /** The largest single buffer that decoding an input of this length may take. */
  readonly allocationMax: (inputBytes: number) => number;
  /** Mends the checksums of an input, so that what lies behind them is reached. */
  readonly reseal?: (bytes: Buffer, random: SeededRandom) => void;
  /**
   * Decodes the input, and checks what must hold for what came out.
   * @returns what became of it, in a word or two
   */
  readonly feed: (bytes: Buffer, random: SeededRandom) => string | Promise<string>;
  /** For streams: all that comes of the chunks, which must not depend on how they are cut. */
  readonly outcome?: (chunks: readonly Buffer[]) => string | Promise<string>;
}

/** A rule of the format or of the decoder was broken. */
export class FuzzFinding extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'FuzzFinding';
  }
}

export function mustHold(condition: boolean, what: string): asserts condition {
  if (!condition) throw new FuzzFinding(what);
}

/** The bytes in pieces. */
export function chopped(bytes: Buffer, random: SeededRandom): Buffer[] {
  const chunks: Buffer[] = [];
  const largest = random.pick([1, 3, 16, 256, 65_536]);
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + random.between(1, largest));
    chunks.push(Buffer.from(bytes.subarray(at, end)));
    at = end;
  }
  return chunks;
}
