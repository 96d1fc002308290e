/**
 * What the store does about a full disk (rule 8): it becomes read-only for puts, gives up its
 * ballast so that deletes and merges go on, and recovers by itself when space is back.
 */

import { CaskError } from '../../errors/cask-error.ts';
import type { Cancellable, Environment } from '../disk/environment.ts';
import { BALLAST } from '../format/file-names.ts';
import type { StoreLogger } from '../store-options.ts';

const PROBE_MS = 1000;
const WRITE_BYTES = 1 << 20;
/** Beyond the ballast, this much has to be free before puts are taken again. */
const SPARE_BYTES = 4 << 20;

export class SpaceGuard {
  readonly #environment: Environment;
  readonly #directory: string;
  readonly #ballastBytes: number;
  readonly #logger: StoreLogger;
  readonly #onChange: (readOnlyBy: CaskError | undefined) => void;
  #timer: Cancellable | undefined;
  #working: Promise<void> = Promise.resolve();
  #isFull = false;
  #closed = false;
  /** Length of the ballast file as it is. */
  ballastBytes = 0;

  constructor(
    environment: Environment,
    directory: string,
    ballastBytes: number,
    logger: StoreLogger,
    onChange: (readOnlyBy: CaskError | undefined) => void,
  ) {
    this.#environment = environment;
    this.#directory = directory;
    this.#ballastBytes = ballastBytes;
    this.#logger = logger;
    this.#onChange = onChange;
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  /** Writes the ballast where it is missing; a disk too full for that is no failure. */
  start(): void {
    this.#working = this.#fillIfRoomy().catch((error: unknown) => {
      this.#logger('warn', 'ballast-not-written', { reason: String(error) });
    });
  }

  /** Not with the last bytes: the first write would find the disk full. */
  async #fillIfRoomy(): Promise<void> {
    const { fs } = this.#environment;
    this.ballastBytes = (await fs.sizeOf(this.#path)) ?? 0;
    const free = await fs.freeBytes(this.#directory);
    if (free >= this.#ballastBytes + SPARE_BYTES) await this.#fill();
  }

  /** A write found the disk full. */
  noteFull(cause: CaskError): void {
    if (this.#closed) return;
    const message = 'the disk is full: reads, deletes and merges go on, puts are refused';
    this.#onChange(new CaskError('READ_ONLY', `${message} until there is space`, { cause }));
    if (this.#isFull) return;
    this.#isFull = true;
    this.#logger('error', 'disk-full', { reason: cause.message });
    this.#working = this.#working.then(() => this.#release());
    this.#probeLater();
  }

  /** Resolves when the ballast is given up, or filled, if that is going on. */
  whenSettled(): Promise<void> {
    return this.#working;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await this.#working;
  }

  get #path(): string {
    return `${this.#directory}/${BALLAST}`;
  }

  async #release(): Promise<void> {
    try {
      await this.#environment.fs.unlink(this.#path);
      this.ballastBytes = 0;
      this.#logger('warn', 'ballast-released', { bytes: this.#ballastBytes });
    } catch {
      // It was given up before.
    }
  }

  #probeLater(): void {
    this.#timer = this.#environment.scheduler.after(PROBE_MS, () => {
      this.#working = this.#working.then(() => this.#probe());
    });
  }

  async #probe(): Promise<void> {
    if (this.#closed) return;
    try {
      const free = await this.#environment.fs.freeBytes(this.#directory);
      if (free >= this.#ballastBytes + SPARE_BYTES) {
        await this.#fill();
        this.#isFull = false;
        this.#onChange(undefined);
        this.#logger('info', 'disk-has-space', { freeBytes: free });
        return;
      }
    } catch (error) {
      this.#logger('warn', 'ballast-not-written', { reason: String(error) });
    }
    this.#probeLater();
  }

  async #fill(): Promise<void> {
    const { fs } = this.#environment;
    const present = await fs.sizeOf(this.#path);
    this.ballastBytes = present ?? 0;
    if (this.#ballastBytes === 0 || present === this.#ballastBytes) return;
    if (present !== undefined) await fs.unlink(this.#path);
    const file = await fs.open(this.#path, 'create');
    try {
      const zeros = Buffer.alloc(Math.min(WRITE_BYTES, this.#ballastBytes));
      for (let at = 0; at < this.#ballastBytes; at += zeros.length) {
        await file.write(zeros, 0, Math.min(zeros.length, this.#ballastBytes - at), at);
      }
      await file.sync();
      this.ballastBytes = this.#ballastBytes;
    } catch (error) {
      await fs.unlink(this.#path).catch(() => {});
      throw error;
    } finally {
      await file.close();
    }
  }
}
