/**
 * The incoming side of a connection: cuts chunks into frames and hands them over one by one,
 * until there are none, something must wait, or the other connections have their turn.
 */

import type { Socket } from 'node:net';
import { type CaskError, toCaskError } from '../errors/cask-error.ts';
import type { PreambleReader } from '../protocol/preamble.ts';
import type { BackPressure, Held } from './back-pressure.ts';
import type { ConnectionDeadlines, FrameProgress } from './connection-deadlines.ts';
import type { ConnectionOutput } from './connection-output.ts';
import { type FrameWaiter, SMALL_FRAME_BYTES } from './frame-admission.ts';
import type { Throttle } from './rate-limits.ts';
import type { RequestParser } from './request-parser.ts';
import type { ServerServices } from './server-services.ts';

/** The connection, as its input sees it. */
export interface InputOwner {
  readonly services: ServerServices;
  readonly closed: boolean;
  readonly held: Held;
  /** Whose requests these are, as far as it is known. */
  readonly client: string;
  /** Frames are handled from here to `turnEnds`. */
  turnBegins(nowMs: number, arrivedMs: number): void;
  handleFrame(buffer: Buffer, start: number, end: number): void;
  /** @param isFirst the input came in this turn of the event loop, as that of others may have */
  turnEnds(isFirst: boolean): void;
  /** All that has come so far is handled. */
  inputHandled(): void;
  /** The stream cannot be read on. */
  inputBroken(error: CaskError): void;
}

/** What cuts the stream into requests. */
export interface InputGrammar {
  readonly parser: RequestParser;
  /** What comes before the first request, if anything does. */
  readonly preamble?: PreambleReader;
}

/** Rates are looked at anew after so long: they may have changed. */
const THROTTLE_MS_MAX = 1000;

export class ConnectionInput implements FrameWaiter {
  readonly #owner: InputOwner;
  readonly #socket: Socket;
  readonly #output: ConnectionOutput;
  readonly #pressure: BackPressure;
  readonly #deadlines: ConnectionDeadlines;
  readonly #preamble: PreambleReader | undefined;
  readonly #parser: RequestParser;
  /** Stopped until there is room again. */
  #waiting = false;
  #turnScheduled = false;
  /** When the chunk came that is being handled. */
  #arrivedMs = 0;
  /** Something of it was left in the turn before. */
  #isBehind = false;
  /** The large frame that has begun waits for room, or has it: of so many bytes. */
  #roomFor: 'nothing' | 'wanted' | 'given' = 'nothing';
  #roomBytes = 0;
  /** Undefined: there are no rates. */
  #throttle: Throttle | undefined;
  /** Above a rate: since when it is not read from, and what ends that. */
  #throttledSinceMs = 0;
  #throttleTimer: NodeJS.Timeout | undefined;
  /** Replies that were charged to the rates. */
  #bytesOutCharged = 0;
  /** The request before decides on those behind it, and is not answered yet. */
  #held = false;

  constructor(
    owner: InputOwner,
    grammar: InputGrammar,
    socket: Socket,
    output: ConnectionOutput,
    pressure: BackPressure,
    deadlines: ConnectionDeadlines,
  ) {
    this.#owner = owner;
    this.#parser = grammar.parser;
    this.#preamble = grammar.preamble;
    this.#socket = socket;
    this.#output = output;
    this.#pressure = pressure;
    this.#deadlines = deadlines;
    this.#parser.admits = (bytes) => this.#admits(bytes);
  }

  /** Has input that was not handled yet, and will be. */
  get busy(): boolean {
    return this.#waiting || this.#turnScheduled;
  }

  /** Is a frame begun and not complete? */
  get midFrame(): boolean {
    return this.#parser.midFrame;
  }

  /** How the frame is getting on of which a part has come. */
  get progress(): FrameProgress {
    const isInTheWay = this.#roomFor === 'given' && this.#owner.services.frames.isAwaited;
    return { received: this.#parser.filledBytes, isInTheWay, busy: this.busy };
  }

  allowFrames(bytesMax: number): void {
    this.#parser.maxFrameBytes = bytesMax;
  }

  push(chunk: Buffer): void {
    let rest = chunk;
    if (this.#preamble !== undefined && this.#preamble.preamble === undefined) {
      try {
        rest = chunk.subarray(this.#preamble.push(chunk));
      } catch (thrown) {
        this.#owner.inputBroken(toCaskError(thrown));
        return;
      }
    }
    if (rest.length > 0) this.#parser.push(rest);
    const { turns } = this.#owner.services;
    if (!turns.isSpent || this.busy) {
      this.#handle(true);
      return;
    }
    this.#arrivedMs = performance.now();
    this.#awaitTurn();
    turns.askFresh(this.#turn);
  }

  /** Goes on if it had to wait and there is room now. */
  goOn(): void {
    const owner = this.#owner;
    if (!this.#waiting || this.#held || this.#roomFor === 'wanted') return;
    if (this.#throttleTimer !== undefined) return;
    if (owner.services.store.writeQueueIsLong) return;
    if (!this.#pressure.mayGoOn(owner.held, this.#output.pendingBytes)) return;
    this.#waiting = false;
    this.#scheduleTurn();
  }

  /** Handles nothing more until `release`. */
  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    this.goOn();
  }

  frameAdmitted(): void {
    this.#roomFor = 'given';
    this.goOn();
  }

  /** Nothing is handled any more. */
  close(): void {
    this.#leaveRoom();
    this.#parser.clear();
    clearTimeout(this.#throttleTimer);
    this.#throttle?.close();
    this.#throttle = undefined;
  }

  #leaveRoom(): void {
    const { frames } = this.#owner.services;
    if (this.#roomFor === 'wanted') frames.withdraw(this);
    if (this.#roomFor === 'given') frames.release(this.#roomBytes);
    this.#roomFor = 'nothing';
  }

  /** May a frame be kept of which only a part has come? */
  #admits(bytes: number): boolean {
    if (bytes <= SMALL_FRAME_BYTES || this.#roomFor === 'given') return true;
    if (this.#roomFor === 'wanted') return false;
    this.#roomBytes = bytes;
    const isAdmitted = this.#owner.services.frames.admit(this, bytes);
    this.#roomFor = isAdmitted ? 'given' : 'wanted';
    return isAdmitted;
  }

  readonly #turn = (): void => {
    this.#turnScheduled = false;
    if (!this.#owner.closed) this.#handle(false);
  };

  #handle(isFirst: boolean): void {
    const owner = this.#owner;
    const { limits, turns } = owner.services;
    const framesMax = turns.frames(limits.framesPerTurn);
    const bytesMax = turns.bytes(limits.bytesPerTurn);
    const parser = this.#parser;
    const output = this.#output;
    const unsent = this.#socket.writableLength;
    const gatheredBefore = this.#output.buffer.pendingBytes;
    let bytesIn = 0;
    const nowMs = performance.now();
    if (!this.#isBehind) this.#arrivedMs = nowMs;
    this.#watchRates(nowMs);
    owner.turnBegins(nowMs, this.#arrivedMs);
    for (let frames = 0; !owner.closed; frames++) {
      const gathered = output.buffer.pendingBytes;
      if (this.#mustWait(unsent + gathered + output.waitingBytes) || this.#isThrottled(nowMs)) {
        this.#wait();
        break;
      }
      if (frames >= framesMax || bytesIn + gathered - gatheredBefore > bytesMax) {
        this.#scheduleTurn();
        break;
      }
      if (!this.#nextFrame(nowMs)) break;
      bytesIn += parser.end - parser.start;
      this.#throttle?.take(1, parser.end - parser.start);
      owner.handleFrame(parser.buffer, parser.start, parser.end);
      if (this.#roomFor === 'given') this.#leaveRoom();
    }
    owner.turnEnds(isFirst);
  }

  #mustWait(pendingBytes: number): boolean {
    if (this.#held) return true;
    const { services, held } = this.#owner;
    if (services.store.writeQueueIsLong) {
      services.load.reach('maxWriteQueueBytes');
      services.awaitShortWriteQueue();
      return true;
    }
    if (!this.#pressure.mustWait(held, pendingBytes)) return false;
    services.load.reach(this.#pressure.reason(held, pendingBytes));
    return true;
  }

  /** Draws on the rates if there are any, for the client that this is by now. */
  #watchRates(nowMs: number): void {
    const { services, client } = this.#owner;
    if (!services.rates.isOn) {
      this.#throttle?.close();
      this.#throttle = undefined;
      return;
    }
    if (this.#throttle?.client !== client) {
      this.#throttle?.close();
      this.#throttle = services.rates.open(client, nowMs);
      this.#bytesOutCharged = this.#output.bytesOut;
    }
    const { bytesOut } = this.#output;
    this.#throttle.take(0, bytesOut - this.#bytesOutCharged);
    this.#bytesOutCharged = bytesOut;
  }

  #isThrottled(nowMs: number): boolean {
    const waitMs = this.#throttle?.waitMs(nowMs) ?? 0;
    if (waitMs === 0) return false;
    this.#throttledSinceMs = nowMs;
    this.#throttleTimer = setTimeout(this.#goOnAtRate, Math.min(waitMs, THROTTLE_MS_MAX));
    return true;
  }

  readonly #goOnAtRate = (): void => {
    this.#throttleTimer = undefined;
    this.#throttle?.waited(performance.now() - this.#throttledSinceMs);
    this.goOn();
  };

  #wait(): void {
    this.#waiting = true;
    this.#isBehind = true;
    this.#socket.pause();
  }

  #scheduleTurn(): void {
    if (this.#turnScheduled) return;
    this.#awaitTurn();
    this.#owner.services.turns.ask(this.#turn);
  }

  #awaitTurn(): void {
    this.#turnScheduled = true;
    this.#isBehind = true;
    this.#socket.pause();
  }

  /** @returns false: no complete frame is there */
  #nextFrame(nowMs: number): boolean {
    const parser = this.#parser;
    try {
      if (parser.next()) {
        this.#deadlines.frameDone();
        return true;
      }
    } catch (thrown) {
      this.#owner.inputBroken(toCaskError(thrown));
      return false;
    }
    if (parser.midFrame) this.#deadlines.frameBegun(nowMs);
    if (this.#roomFor === 'wanted') {
      this.#wait();
      return false;
    }
    this.#isBehind = false;
    this.#owner.inputHandled();
    if (this.#socket.isPaused()) this.#socket.resume();
    return false;
  }
}
