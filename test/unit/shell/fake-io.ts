/** Streams of a shell under test: what goes in is given, what comes out is kept. */

import { PassThrough, Readable, Writable } from 'node:stream';
import { runCaskctl } from '../../../src/shell/caskctl.ts';
import type { ShellClient } from '../../../src/shell/shell-client.ts';
import type { ShellIo } from '../../../src/shell/shell-io.ts';

class Captured extends Writable {
  readonly isTTY: boolean;
  readonly columns = 80;
  readonly chunks: Buffer[] = [];

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.chunks.push(Buffer.from(chunk));
    done();
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }

  get text(): string {
    return this.bytes.toString();
  }
}

export interface FakeIoOptions {
  /** Output and error stream are a terminal. */
  readonly terminal?: boolean;
  readonly stdin?: string | Uint8Array;
  readonly env?: ShellIo['env'];
}

export interface FakeIo extends ShellIo {
  readonly stdout: Captured;
  readonly stderr: Captured;
}

export function fakeIo({ terminal = false, stdin = '', env = {} }: FakeIoOptions = {}): FakeIo {
  return {
    stdin: Readable.from([Buffer.from(stdin)]),
    stdout: new Captured(terminal),
    stderr: new Captured(terminal),
    env,
  };
}

/** Like `fakeIo` on a terminal, with keys to be typed into `stdin`. */
export function fakeTerminal(env: ShellIo['env'] = {}): FakeIo & { stdin: PassThrough } {
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => {} });
  return { ...fakeIo({ terminal: true, env }), stdin };
}

export interface Ran {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
  readonly io: FakeIo;
}

/** Runs one command line against a client. */
export async function runWith(
  client: ShellClient,
  words: readonly string[],
  options: FakeIoOptions = {},
): Promise<Ran> {
  const io = fakeIo(options);
  const exitCode = await runCaskctl(words, io, () => Promise.resolve(client));
  return { exitCode, out: io.stdout.text, err: io.stderr.text, io };
}
