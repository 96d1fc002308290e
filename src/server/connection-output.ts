/** The outgoing side of a connection: replies gather in a buffer and leave in one write a turn. */

import type { Socket } from 'node:net';
import { OutputBuffer } from '../protocol/output-buffer.ts';
import { encodePreamble } from '../protocol/preamble.ts';
import type { ServerServices } from './server-services.ts';

const PREAMBLE = encodePreamble();

type OutputServices = Pick<ServerServices, 'counters' | 'load' | 'turns' | 'coarseNowMs'>;

export class ConnectionOutput {
  readonly buffer = new OutputBuffer();
  /** Of replies that must wait for those before them, where replies keep an order. */
  waitingBytes = 0;
  /** Handed to the socket so far. */
  bytesOut = 0;
  readonly #socket: Socket;
  readonly #services: OutputServices;
  /** When the kernel had taken everything last. */
  caughtUpMs: number;
  /** What of our unsent bytes stands in the sum of all connections. */
  #counted = 0;
  /** The socket has more than it likes; `drained()` ends that. */
  #blocked = false;
  #preambleSent = false;

  constructor(socket: Socket, services: OutputServices) {
    this.#socket = socket;
    this.#services = services;
    this.caughtUpMs = services.coarseNowMs;
  }

  /** Bytes of replies that the kernel has not taken, or that are not handed to it yet. */
  get pendingBytes(): number {
    return this.buffer.pendingBytes + this.#socket.writableLength + this.waitingBytes;
  }

  /** Ours comes first of all, once. */
  sendPreamble(): void {
    if (this.#preambleSent) return;
    this.#preambleSent = true;
    this.buffer.append(PREAMBLE);
  }

  /** Writes what has gathered, unless the socket is still busy with earlier writes. */
  flush(): void {
    if (!this.#blocked) this.#write();
    this.#recount();
  }

  /** The socket has written everything it had. */
  drained(): void {
    this.#blocked = false;
    this.#write();
    this.#recount();
  }

  /** The client is quiet: what it was told needs no memory any more. */
  rest(): void {
    if (this.pendingBytes === 0) this.buffer.rest();
  }

  /** The socket is closed: nothing of this is sent any more. */
  clear(): void {
    this.buffer.clear();
    this.#services.load.outputBytes.add(-this.#counted);
    this.#counted = 0;
  }

  /**
   * Counts a large reply among what waits, before it is: others may be made before the next flush.
   */
  expect(replyBytes: number): void {
    this.#counted += replyBytes;
    this.#services.load.outputBytes.add(replyBytes);
  }

  #recount(): void {
    const pending = this.pendingBytes;
    if (pending === 0) this.caughtUpMs = this.#services.coarseNowMs;
    if (pending === this.#counted) return;
    this.#services.load.outputBytes.add(pending - this.#counted);
    this.#counted = pending;
  }

  /** Writes everything, then says that nothing follows. */
  end(): void {
    this.#write();
    this.#recount();
    this.#socket.end();
  }

  #write(): void {
    const { buffer } = this;
    if (buffer.pendingBytes === 0) return;
    const socket = this.#socket;
    if (!socket.writable) {
      buffer.clear();
      return;
    }
    this.#services.counters.bytesOut += buffer.pendingBytes;
    this.#services.turns.spend(buffer.pendingBytes);
    this.bytesOut += buffer.pendingBytes;
    let part = buffer.take();
    let next = buffer.take();
    if (next === undefined) {
      if (part !== undefined) this.#blocked = !socket.write(part);
    } else {
      socket.cork();
      for (; part !== undefined; part = next, next = buffer.take()) {
        this.#blocked = !socket.write(part);
      }
      socket.uncork();
    }
    // an empty queue after the write means that the kernel took it all at once
    if (socket.writableLength === 0) buffer.rewind();
  }
}
