/**
 * The way to systemd's notification socket. Node has no datagram sockets of the unix kind, so
 * `systemd-notify` sends; and because a fork of a process with a big heap stops its event loop,
 * a shell of about 1 MB is started once, early, and forks in its place: one line of its standard
 * input is one datagram.
 */

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';

/** Told once for every end that was not asked for. */
export type HelperFailed = (reason: string) => void;

/** Between the assignments of one datagram; no assignment holds one. */
const SEPARATOR = '\t';
const EXIT_NO_PROGRAM = 127;
/** Messages that the helper has not taken; with more of them waiting, further ones are dropped. */
const WAITING_BYTES_MAX = 64 * 1024;

/** Ends with its input; signals to the whole group must not end it before STOPPING=1 is out. */
const SCRIPT = `
command -v systemd-notify >/dev/null || exit ${EXIT_NO_PROGRAM}
trap '' HUP INT TERM
set -f
IFS='${SEPARATOR}'
while read -r line; do systemd-notify $line; done
`;

export class NotifyHelper {
  readonly #environment: Readonly<Record<string, string>>;
  readonly #onFailed: HelperFailed;
  #child: ChildProcessByStdio<Writable, null, null> | undefined;
  #useless = false;

  constructor(environment: Readonly<Record<string, string>>, onFailed: HelperFailed) {
    this.#environment = environment;
    this.#onFailed = onFailed;
  }

  /** Sends one datagram of `NAME=value` assignments. Never fails, never waits. */
  send(assignments: readonly string[]): void {
    if (this.#useless) return;
    const { stdin } = this.#running();
    if (stdin.writableLength > WAITING_BYTES_MAX) return;
    const words = assignments.map((assignment) => assignment.replace(/[\t\r\n]+/g, ' '));
    stdin.write(`${words.join(SEPARATOR)}\n`);
  }

  /** Started at the first message, and again at the next one after it has ended. */
  #running(): ChildProcessByStdio<Writable, null, null> {
    if (this.#child !== undefined) return this.#child;
    const child = spawn('sh', ['-c', SCRIPT], {
      cwd: '/',
      env: { ...this.#environment },
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    this.#child = child;
    child.unref();
    // its end is reported below
    child.stdin.on('error', () => {});
    child.once('error', (error) => this.#ended(child, error.message));
    child.once('exit', (code, signal) => {
      this.#useless = code === EXIT_NO_PROGRAM;
      const missing = 'systemd-notify is not installed';
      this.#ended(child, this.#useless ? missing : `it ended with ${code ?? signal}`);
    });
    return child;
  }

  #ended(child: object, reason: string): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    this.#onFailed(reason);
  }
}
