/**
 * A kernel lock on a file, without an addon: `flock -n 3` runs once as a child that inherits our
 * descriptor as its fd 3. The lock belongs to the shared open file description, so it outlives
 * the child, is held by this process, is refused to everyone else (another handle of this very
 * process too), and vanishes with the process however that ends. Costs about 3 ms.
 */

import { spawn } from 'node:child_process';
import * as nodeFs from 'node:fs';
import { promisify } from 'node:util';
import { CaskError } from '../../errors/cask-error.ts';
import type { LockHandle } from './file-system.ts';

const openFd = promisify(nodeFs.open);
const closeFd = promisify(nodeFs.close);
const truncateFd = promisify(nodeFs.ftruncate);

const FILE_MODE = 0o600;
/** The child sees the descriptor under this number. */
const FD_OF_CHILD = 3;
/** flock's exit code when someone else holds the lock. */
const EXIT_HELD = 1;
/** A pid is for people; no more of the file is read. */
const PID_TEXT_BYTES = 32;

interface ChildEnd {
  readonly exitCode: number | null;
  readonly complaint: string;
}

function runFlock(fd: number): Promise<ChildEnd> {
  return new Promise((resolve, reject) => {
    const child = spawn('flock', ['-n', String(FD_OF_CHILD)], {
      stdio: ['ignore', 'ignore', 'pipe', fd],
    });
    let complaint = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint += text;
    });
    child.once('error', reject);
    child.once('close', (exitCode) => resolve({ exitCode, complaint: complaint.trim() }));
  });
}

function unavailable(path: string, why: string, cause?: unknown): CaskError {
  return new CaskError('LOCK_UNAVAILABLE', `cannot lock ${path}: ${why}`, { cause });
}

/** What the holder wrote into the file, as far as it looks like a pid. */
function holderOf(fd: number): string | undefined {
  const text = Buffer.alloc(PID_TEXT_BYTES);
  const count = nodeFs.readSync(fd, text, 0, text.length, 0);
  return /^\d+(?=\n|$)/.exec(text.toString('latin1', 0, count))?.[0];
}

async function takeLock(fd: number, path: string): Promise<void> {
  let end: ChildEnd;
  try {
    end = await runFlock(fd);
  } catch (thrown) {
    throw unavailable(path, "the command 'flock' (package util-linux) cannot be run", thrown);
  }
  if (end.exitCode === 0) return;
  if (end.exitCode !== EXIT_HELD) {
    throw unavailable(path, `flock ended with ${end.exitCode}: ${end.complaint}`);
  }
  const pid = holderOf(fd);
  const holder = pid === undefined ? 'another process' : `another process (pid ${pid})`;
  throw new CaskError('LOCKED', `the store is in use: ${holder} holds ${path}`, {
    details: pid === undefined ? {} : { pid: Number(pid) },
  });
}

/**
 * Locks the file, creating it if need be, and writes our pid into it.
 *
 * @throws CaskError LOCKED; LOCK_UNAVAILABLE when the system cannot lock: never without a lock
 */
export async function lockFile(path: string): Promise<LockHandle> {
  const { O_RDWR, O_CREAT } = nodeFs.constants;
  const fd = await openFd(path, O_RDWR | O_CREAT, FILE_MODE);
  try {
    await takeLock(fd, path);
    await truncateFd(fd, 0);
    nodeFs.writeSync(fd, `${process.pid}\n`, 0);
  } catch (thrown) {
    await closeFd(fd);
    throw thrown;
  }
  let held = true;
  return {
    async release() {
      if (!held) return;
      held = false;
      await closeFd(fd); // the file itself stays: removing it would let two hold "the" lock
    },
  };
}
