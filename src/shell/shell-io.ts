/** Where a shell reads and writes. Tests give their own streams. */

import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { styleText } from 'node:util';

export type ShellInput = Readable & { readonly isTTY?: boolean };
export type ShellOutput = Writable & { readonly isTTY?: boolean; readonly columns?: number };

export interface ShellIo {
  readonly stdin: ShellInput;
  readonly stdout: ShellOutput;
  readonly stderr: ShellOutput;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export type Style = Parameters<typeof styleText>[0];

const COLUMNS_DEFAULT = 80;

export function isTerminal(stream: ShellInput | ShellOutput): boolean {
  return stream.isTTY === true;
}

export function columnsOf(stream: ShellOutput): number {
  // a terminal that does not know its width says 0
  return stream.columns || COLUMNS_DEFAULT;
}

/** Coloured on a terminal that wants colours (NO_COLOR and the like are heeded), plain elsewhere. */
export function paint(stream: ShellOutput, style: Style, text: string): string {
  return isTerminal(stream) ? styleText(style, text, { stream }) : text;
}

/** Writes and waits until the stream takes more: a slow reader of a pipe slows the shell down. */
export async function write(stream: ShellOutput, chunk: string | Uint8Array): Promise<void> {
  if (chunk.length > 0 && !stream.write(chunk)) await once(stream, 'drain');
}

/** All that stdin holds, at most `bytesMax`. */
export async function readAll(stdin: ShellInput, bytesMax: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stdin) {
    const buffer = Buffer.from(chunk as Uint8Array | string);
    bytes += buffer.length;
    if (bytes > bytesMax) return undefined;
    chunks.push(buffer);
  }
  return Buffer.concat(chunks);
}
