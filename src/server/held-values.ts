/**
 * Values that were taken out of the store and wait for their deletion to be committed, of one
 * connection. They count among the bytes that requests hold on to; and none is taken for which the
 * reply would find no room, for it would be lost.
 */

import type { BackPressure } from './back-pressure.ts';
import type { ConnectionOutput } from './connection-output.ts';
import type { ServerLoad } from './server-load.ts';

export class HeldValues {
  bytes = 0;
  readonly #load: Pick<ServerLoad, 'requestBytes'>;
  readonly #output: Pick<ConnectionOutput, 'pendingBytes'>;
  readonly #pressure: BackPressure;
  readonly #byToken = new Map<number, number>();
  #isClosed = false;

  constructor(
    load: Pick<ServerLoad, 'requestBytes'>,
    output: Pick<ConnectionOutput, 'pendingBytes'>,
    pressure: BackPressure,
  ) {
    this.#load = load;
    this.#output = output;
    this.#pressure = pressure;
  }

  /** Counts a value until `release`. @throws CaskError BUSY: there is no room for it */
  take(token: number, bytes: number): void {
    if (this.#isClosed) return;
    const refusal = this.#pressure.refusal(bytes, this.#output.pendingBytes + this.bytes);
    if (refusal !== undefined) throw refusal;
    this.#byToken.set(token, bytes);
    this.#add(bytes);
  }

  release(token: number): void {
    const bytes = this.#byToken.get(token);
    if (bytes === undefined) return;
    this.#byToken.delete(token);
    this.#add(-bytes);
  }

  close(): void {
    this.#isClosed = true;
    this.#byToken.clear();
    this.#add(-this.bytes);
  }

  #add(bytes: number): void {
    this.bytes += bytes;
    this.#load.requestBytes.add(bytes);
  }
}
