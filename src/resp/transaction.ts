/** What MULTI and WATCH remember of a connection. */

import type { RespCommand } from './commands/command.ts';
import type { RespArguments } from './resp-arguments.ts';

export interface QueuedCommand {
  readonly command: RespCommand;
  readonly args: RespArguments;
}

export class Transaction {
  /** Between MULTI and EXEC. */
  isOpen = false;
  /** A command was refused: EXEC does nothing. */
  isBroken = false;
  queue: QueuedCommand[] = [];
  /** Bytes of the words in the queue. */
  bytes = 0;
  /** By key as latin1, the revision that it had; 0: it was absent. */
  watched = new Map<string, number>();

  add(command: RespCommand, args: RespArguments): void {
    const copy = args.copy();
    this.queue.push({ command, args: copy });
    this.bytes += copy.totalBytes;
  }

  /** MULTI is over; WATCH with it. */
  end(): void {
    this.isOpen = false;
    this.isBroken = false;
    this.queue = [];
    this.bytes = 0;
    this.watched = new Map();
  }
}
