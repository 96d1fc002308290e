/** Connections that ask for nothing, and those that ask for much and read it slowly or never. */

import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { type CaskClient, connect } from '../../src/client/index.ts';
import { encodePreamble } from '../../src/protocol/preamble.ts';
import { encodeHelloRequest, encodeRange } from '../../src/protocol/request-writer.ts';
import { framesOf } from '../load/peer.ts';

const PAGES_ASKED = 40;
const READ_EVERY_MS = 200;
const COME_AGAIN_MS = 15_000;

/** @returns connections that stay as they are */
export function openIdle(url: string, count: number): Promise<CaskClient[]> {
  const options = { url, reconnect: false, pingIntervalMs: 0, clientName: 'idle' };
  return Promise.all(Array.from({ length: count }, () => connect(options)));
}

/**
 * Asks for pages, and takes some of the replies now and then, or none of them. It comes again once
 * the daemon has closed the connection, which one that never reads does not learn: it just leaves
 * after a while.
 */
export class SlowReader {
  readonly #port: number;
  #socket: Socket;
  #isStopped = false;
  readonly #timer: NodeJS.Timeout;

  constructor(url: string, reads: boolean) {
    this.#port = Number(new URL(url).port);
    this.#socket = this.#open();
    this.#timer = reads
      ? setInterval(() => this.#socket.read(), READ_EVERY_MS)
      : setInterval(() => this.#socket.destroy(), COME_AGAIN_MS);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    if (this.#socket.closed) return;
    this.#socket.destroy();
    await once(this.#socket, 'close');
  }

  #open(): Socket {
    const socket = connectSocket({ host: '127.0.0.1', port: this.#port });
    socket.on('error', () => {}); // the daemon closes it, or is gone
    socket.on('end', () => socket.destroy());
    socket.on('close', () => {
      setTimeout(() => {
        if (!this.#isStopped) this.#socket = this.#open();
      }, READ_EVERY_MS).unref();
    });
    socket.pause();
    socket.write(encodePreamble());
    const asked = framesOf((out) => {
      encodeHelloRequest(out, 1, { client: 'slow-reader', version: '0' });
      for (let id = 2; id < PAGES_ASKED + 2; id += 1) encodeRange(out, id, {});
    });
    socket.write(asked);
    return socket;
  }
}
