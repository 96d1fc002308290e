/** A data directory and daemons on it, one after the other; all gone at the end. */

import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CaskClient, type CaskError, connect } from '../../src/client/index.ts';
import { DaemonProcess } from '../e2e/daemon-process.ts';

const SCRIPT = fileURLToPath(new URL('../../bin/caskd.js', import.meta.url));
/** Small segments, and nothing that happens by itself. */
const FLAGS = [
  ...['--listen', '127.0.0.1:0', '--segment-bytes', '256k', '--preallocate-bytes', '0'],
  ...['--merge-automatic', 'false', '--cache-bytes', '0'],
];

export interface DaemonStart {
  readonly flags?: readonly string[];
  /** Runs the daemon: a command that is given node, script and flags. */
  readonly under?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export class StoreUnderTest implements AsyncDisposable {
  readonly directory: string;
  readonly #parent: string;
  readonly #started: DaemonProcess[] = [];
  readonly #clients: CaskClient<'utf8'>[] = [];

  private constructor(parent: string) {
    this.#parent = parent;
    this.directory = join(parent, 'data');
  }

  /** @param parent a directory to take, instead of one of its own */
  static async create(parent?: string): Promise<StoreUnderTest> {
    return new StoreUnderTest(parent ?? (await mkdtemp(join(tmpdir(), 'caskd-kernel-'))));
  }

  spawn({ flags = [], under = [], env = {} }: DaemonStart = {}): DaemonProcess {
    const daemon = new DaemonProcess(['--data', this.directory, ...FLAGS, ...flags], {
      script: SCRIPT,
      node: [...under, process.execPath],
      env: { ...env },
    });
    this.#started.push(daemon);
    return daemon;
  }

  /** A connection that is not made again when it is lost. */
  async connect(daemon: DaemonProcess): Promise<CaskClient<'utf8'>> {
    const port = await daemon.port();
    const client = await connect({ port, encoding: 'utf8', reconnect: false });
    this.#clients.push(client);
    await untilLoaded(client);
    return client;
  }

  /** SIGTERM; what its log held at the end. */
  async stop(daemon: DaemonProcess): Promise<number | null> {
    daemon.kill('SIGTERM');
    return (await daemon.exited).code;
  }

  /** Names in the directory that match, in order. */
  async files(pattern: RegExp): Promise<string[]> {
    const names = await readdir(this.directory);
    return names.filter((name) => pattern.test(name)).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.destroy();
    for (const daemon of this.#started) {
      killWhatItRan(daemon);
      daemon.kill('SIGKILL');
      await daemon.exited;
    }
    await rm(this.#parent, { recursive: true, force: true });
  }
}

/** Under strace the daemon is a process of its own: its pid stands in its own log. */
function killWhatItRan(daemon: DaemonProcess): void {
  const pid = daemon.lines.find(({ msg }) => msg === 'ready')?.['pid'];
  const isOver = daemon.child.exitCode !== null || daemon.child.signalCode !== null;
  if (typeof pid !== 'number' || pid === daemon.child.pid || isOver) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it is gone
  }
}

async function untilLoaded(client: CaskClient<'utf8'>): Promise<void> {
  for (;;) {
    try {
      await client.count();
      return;
    } catch (thrown) {
      if ((thrown as CaskError).code !== 'LOADING') throw thrown;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}
