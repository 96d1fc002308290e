/**
 * Merges from the engine's side: chooses segments, answers the job's questions, publishes the
 * outputs in one manifest, installs them, and removes the inputs once nobody needs them.
 *
 * The order is rule 23's: outputs and hints durable (the job), the log synced up to whatever a
 * verdict relied on, one manifest, the keydir, and only then the unlinks.
 */

import { CaskError, toCaskError } from '../../errors/cask-error.ts';
import { DurationHistogram } from '../../vocabulary/duration-histogram.ts';
import type { EngineClock } from '../disk/engine-clock.ts';
import {
  type Environment,
  type JobHandle,
  type JobMessage,
  nextTurn,
} from '../disk/environment.ts';
import { isNoSpace, toFileError } from '../disk/file-system.ts';
import { hintName, segmentName } from '../format/file-names.ts';
import { readU32 } from '../format/integers.ts';
import type { Keydir } from '../keydir/keydir.ts';
import type { ManifestStore } from '../log/manifest-store.ts';
import type { Segment } from '../log/segment.ts';
import type { SegmentCatalog } from '../log/segment-catalog.ts';
import type { SegmentFiles } from '../log/segment-files.ts';
import type { StoreLogger, StoreOptions } from '../store-options.ts';
import type { HintBuilder } from './hint-builder.ts';
import { type Committed, HistoryHorizon, NO_HISTORY } from './history-horizon.ts';
import type {
  JobSegment,
  MergeEngineMessage,
  MergeJobInput,
  MergeJobMessage,
  MergeJobOutput,
  MergeJobResult,
  VerdictRequest,
} from './job-input.ts';
import { installOutput } from './merge-install.ts';
import { chooseAll, chooseSegments } from './merge-policy.ts';
import { touchedBeside, touchesKnownTo } from './touch-knowledge.ts';
import { type JudgedMerge, VerdictJudge } from './verdicts.ts';

const RECORDS_PER_SLICE = 500;
/** After a merge failed by itself, the next one is tried no sooner than this. */
const RETRY_MS = 60_000;
/** Left for the manifest when the space for a merge is reckoned. */
const SPARE_BYTES = 8 * 1024;

export interface MergeResult {
  readonly inputs: number;
  readonly outputs: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  readonly ms: number;
}

export interface MergeStatus {
  readonly state: 'idle' | 'copying' | 'installing';
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly paused: boolean;
  /** Merges that were completed since the start. */
  readonly runs: number;
  readonly failures: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** What the last failed merge failed of; null: none did. */
  readonly lastError: string | null;
}

export interface MergerParts {
  readonly environment: Environment;
  readonly options: StoreOptions;
  readonly catalog: SegmentCatalog;
  readonly files: SegmentFiles;
  readonly manifests: ManifestStore;
  readonly keydir: Keydir;
  readonly clock: EngineClock;
  readonly logger: StoreLogger;
  readonly hints: Pick<HintBuilder, 'hold' | 'resume'>;
  /** Rolls a non-empty active segment, so that a merge by hand can take it. */
  readonly roll: () => Promise<void>;
  /** Makes durable all that is committed. */
  readonly syncLog: () => Promise<void>;
  /** Removes from the keydir what has expired. */
  readonly retireExpired: () => Promise<void>;
  readonly committedSequence: () => number;
  /** The sequence of the newest clear that is committed; 0: none is. */
  readonly clearedBelow: () => number;
  /** Resolves when all that is sequenced by now is committed, or has failed. */
  readonly afterSequenced: () => Promise<void>;
  /** Damage with unknown keys: nothing may be dropped. */
  readonly isDegraded: () => boolean;
  /** What the store failed of; undefined: it has not. */
  readonly failure: () => CaskError | undefined;
  readonly onFatal: (error: CaskError) => void;
}

export class Merger {
  /** Of each merge that was completed, from its start to the installation of its outputs. */
  readonly durations = new DurationHistogram();
  readonly #parts: MergerParts;
  readonly history: HistoryHorizon;
  #running: Promise<MergeResult> | undefined;
  #job: JobHandle | undefined;
  #paused = false;
  #resumed: (() => void)[] = [];
  #closed = false;
  /** A manifest of a merge is being written: the catalogue may yet be set back. */
  #publishing: Promise<unknown> | undefined;
  /** Removals of merged-away segments that are underway. */
  readonly #removing = new Set<Promise<void>>();
  #state: MergeStatus['state'] = 'idle';
  #bytesDone = 0;
  #bytesTotal = 0;
  #runs = 0;
  #failures = 0;
  #bytesRead = 0;
  #bytesWritten = 0;
  #lastError: string | null = null;
  #tombstoneBytesKept = 0;
  #notBeforeMs = Number.NEGATIVE_INFINITY;

  constructor(parts: MergerParts) {
    this.#parts = parts;
    this.history = new HistoryHorizon(parts.catalog, () => parts.options.retainHistoryMs);
    parts.files.onUnpinned = (segment) => {
      if (segment.state === 'obsolete') this.#removeSegment(segment);
    };
  }

  get status(): MergeStatus {
    return {
      state: this.#state,
      bytesDone: this.#bytesDone,
      bytesTotal: this.#bytesTotal,
      paused: this.#paused,
      runs: this.#runs,
      failures: this.#failures,
      bytesRead: this.#bytesRead,
      bytesWritten: this.#bytesWritten,
      lastError: this.#lastError,
    };
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    for (const resolve of this.#resumed.splice(0)) resolve();
  }

  /**
   * Merges all that has something to give back, rolling the active segment first.
   * @throws CaskError MERGE_RUNNING, CORRUPT (the store is degraded), NO_SPACE, CLOSED
   */
  async mergeAll(): Promise<MergeResult> {
    this.#checkFree();
    const { hints } = this.#parts;
    hints.hold();
    return this.#track(this.#mergeInRounds().finally(() => hints.resume()));
  }

  /** All at once where there is space for the copies; else in rounds, the most garbage first. */
  async #mergeInRounds(): Promise<MergeResult> {
    await this.#parts.roll();
    let left = chooseAll(this.#candidates());
    const total = { inputs: 0, outputs: 0, bytesBefore: 0, bytesAfter: 0, ms: 0 };
    let most = left.length;
    while (left.length > 0) {
      const round = (await this.#fitting(left)).slice(0, most);
      let done: MergeResult;
      try {
        done = await this.#merge(round);
      } catch (error) {
        // The reckoning was too close: fewer at a time may do.
        if (!(error instanceof CaskError) || error.code !== 'NO_SPACE' || round.length === 1) {
          throw error;
        }
        most = Math.ceil(round.length / 2);
        continue;
      }
      const taken = new Set(round);
      left = left.filter((segment) => !taken.has(segment));
      total.inputs += done.inputs;
      total.outputs += done.outputs;
      total.bytesBefore += done.bytesBefore;
      total.bytesAfter += done.bytesAfter;
      total.ms += done.ms;
    }
    return total;
  }

  /** Merges if the policy says so; what goes wrong is logged and tried again later. */
  async mergeIfDue(): Promise<void> {
    const { options, environment, logger } = this.#parts;
    const { clock } = environment;
    if (this.#running !== undefined || this.#closed || this.#paused) return;
    if (this.#parts.isDegraded() || clock.monotonicMs() < this.#notBeforeMs) return;
    const chosen = chooseSegments({
      sealed: this.#candidates(),
      options: options.merge,
      segmentBytes: options.segmentBytes,
      hour: new Date(clock.wallMs()).getHours(),
      tombstoneBytesKept: this.#tombstoneBytesKept,
    });
    if (chosen.length === 0) return;
    try {
      await this.#track(this.#fitting(chosen).then((round) => this.#merge(round)));
    } catch (error) {
      if (this.#closed) return;
      this.#notBeforeMs = clock.monotonicMs() + RETRY_MS;
      logger('error', 'merge-failed', { reason: toCaskError(error).message });
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.resume();
    if (this.#state === 'copying') await this.#job?.terminate();
    await this.#running?.catch(() => {});
    await this.whenRemoved();
  }

  /** Resolves when no merge is about to change which segments there are, or to take it back. */
  async whenSettled(): Promise<void> {
    while (this.#publishing !== undefined) await this.#publishing;
  }

  /** Resolves when the removals that are underway are done. */
  async whenRemoved(): Promise<void> {
    await Promise.all(this.#removing);
  }

  #checkFree(): void {
    if (this.#closed) throw this.#closing();
    if (this.#running !== undefined) {
      throw new CaskError('MERGE_RUNNING', 'a merge is running; wait until it is done');
    }
    if (!this.#parts.isDegraded()) return;
    const message = 'the store has damage with unknown keys, so a merge may drop nothing';
    throw new CaskError('CORRUPT', `${message}; run caskctl repair first`);
  }

  async #track(merging: Promise<MergeResult>): Promise<MergeResult> {
    this.#running = merging;
    try {
      return await merging;
    } catch (thrown) {
      const error = toFileError(thrown, 'the merge failed');
      this.#failures += 1;
      this.#lastError = error.message;
      throw error;
    } finally {
      this.#running = undefined;
      this.#job = undefined;
      this.#state = 'idle';
    }
  }

  /** Why no merge goes on once the merger is closed. */
  #closing(): CaskError {
    return this.#parts.failure() ?? new CaskError('CLOSED', 'the store is closed');
  }

  /**
   * Sealed segments without damage. While history is kept, only those of which every record is
   * older than it: of others nothing could be dropped, and they know where their batches end.
   */
  #candidates(): Segment[] {
    const horizon = this.#horizon().sequence;
    const candidates = this.#parts.catalog
      .sealed()
      .filter((segment) => !segment.damaged && segment.last <= horizon);
    for (const segment of candidates) {
      if (segment.historyUntil <= horizon) segment.historyBytes = 0;
    }
    return candidates;
  }

  #horizon(): Committed {
    return this.history.at(this.#parts.clock.now());
  }

  async #merge(chosen: readonly Segment[]): Promise<MergeResult> {
    const inputs = chosen.toSorted((a, b) => a.id - b.id);
    const { environment, files, logger } = this.#parts;
    const started = environment.clock.monotonicMs();
    const bytesBefore = inputs.reduce((sum, segment) => sum + segment.bytes, 0);
    if (inputs.length === 0) {
      return { inputs: 0, outputs: 0, bytesBefore: 0, bytesAfter: 0, ms: 0 };
    }
    if (this.#closed) throw this.#closing();
    for (const segment of inputs) {
      files.pin(segment);
      segment.merging = true;
    }
    this.#parts.hints.resume();
    let outputs: Segment[];
    try {
      const horizon = this.#horizon();
      const result = await this.#copy(inputs, bytesBefore, horizon);
      outputs = await this.#publish(inputs, result, horizon);
      this.#state = 'installing';
      const parts = { ...this.#parts, uuid: this.#parts.manifests.uuid };
      for (const output of outputs) await installOutput(parts, output);
    } finally {
      for (const segment of inputs) {
        segment.merging = false;
        files.unpin(segment);
      }
      this.#parts.hints.resume();
    }
    const bytesAfter = outputs.reduce((sum, segment) => sum + segment.bytes, 0);
    const ms = Math.round(environment.clock.monotonicMs() - started);
    this.#runs += 1;
    this.durations.record(ms);
    this.#bytesRead += bytesBefore;
    this.#bytesWritten += bytesAfter;
    this.#tombstoneBytesKept = outputs.reduce((sum, segment) => sum + segment.tombstoneBytes, 0);
    const figures = { inputs: inputs.length, outputs: outputs.length, bytesBefore, bytesAfter, ms };
    logger('info', 'merged', figures);
    return figures;
  }

  /**
   * As many of the segments as there is space to copy, the most garbage first.
   * @throws CaskError NO_SPACE when there is none for a single one
   */
  async #fitting(segments: readonly Segment[]): Promise<Segment[]> {
    const { environment, options } = this.#parts;
    const free = await environment.fs.freeBytes(options.directory);
    let needed = SPARE_BYTES;
    const chosen: Segment[] = [];
    // How much of it is kept for history is known when it is merged.
    const bytesOf = this.history.isKept ? copyBytesMax : copyBytes;
    for (const segment of segments.toSorted((a, b) => bytesOf(a) - bytesOf(b))) {
      if (needed + bytesOf(segment) > free) break;
      needed += bytesOf(segment);
      chosen.push(segment);
    }
    if (chosen.length > 0) return chosen;
    const message = `there are ${free} bytes of free space, too few to copy what is live`;
    throw new CaskError('NO_SPACE', `${message}; make some room on the disk`);
  }

  /** Runs the job and answers its questions. */
  async #copy(
    inputs: readonly Segment[],
    bytesTotal: number,
    horizon: Committed,
  ): Promise<MergeJobResult> {
    const { environment, options, manifests, catalog, clock } = this.#parts;
    const now = clock.now();
    // A touch that was sequenced in time still keeps what expires by now; none comes later.
    await this.#parts.afterSequenced();
    await this.#parts.retireExpired();
    const clearedBelow = this.#parts.clearedBelow();
    this.#state = 'copying';
    this.#bytesDone = 0;
    this.#bytesTotal = bytesTotal;
    const input: MergeJobInput = {
      directory: options.directory,
      uuid: manifests.uuid,
      epoch: manifests.epoch,
      segments: inputs.map(jobSegmentOf),
      segmentBytes: options.segmentBytes,
      now,
      survivorMin: this.#survivorMin(inputs),
      clearedBelow: clearedBelow <= horizon.sequence ? clearedBelow : 0,
      horizon: horizon.sequence,
      touchesKnownTo: touchesKnownTo(catalog, horizon.sequence, now),
      touched: touchedBeside(catalog, inputs, horizon.sequence).map(jobSegmentOf),
      bytesPerSecond: options.merge.bytesPerSecond,
    };
    const outputIds: number[] = [];
    if (this.#closed) throw this.#closing();
    try {
      const job = environment.jobs.start('merge', { ...input });
      this.#job = job;
      const merge: JudgedMerge = {
        horizon: horizon.sequence,
        // States between a put and its touch are kept while history is.
        touchesUpTo: horizon.sequence === NO_HISTORY ? sealedUpTo(catalog) : 0,
        now,
        isInput: (slot) => catalog.atSlot(slot).merging,
      };
      return await this.#converse(job, outputIds, merge);
    } catch (error) {
      await this.#job?.terminate();
      await this.#removeFiles(outputIds);
      this.#noteUnreadable(error);
      throw error;
    }
  }

  /** The lowest sequence in any segment that survives the merge; infinite when none has any. */
  #survivorMin(inputs: readonly Segment[]): number {
    const merged = new Set(inputs);
    let lowest = Number.MAX_SAFE_INTEGER;
    for (const segment of this.#parts.catalog.all()) {
      if (merged.has(segment) || segment.state === 'obsolete' || segment.min === 0) continue;
      lowest = Math.min(lowest, segment.min);
    }
    return lowest;
  }

  #converse(job: JobHandle, outputIds: number[], merge: JudgedMerge): Promise<MergeJobResult> {
    return new Promise((resolve, reject) => {
      let result: MergeJobResult | undefined;
      // The job asks ahead; answers leave in the order of the questions.
      let answered: Promise<void> = Promise.resolve();
      job.port.onMessage((message) => {
        const asked = message as unknown as MergeJobMessage;
        if (asked.type === 'merged') {
          result = asked;
          return;
        }
        answered = answered.then(async () => {
          const reply = await this.#answer(asked, outputIds, merge);
          job.port.post(reply as unknown as JobMessage);
        });
        answered.catch(reject);
      });
      job.done.then(() => {
        if (result !== undefined) resolve(result);
        else reject(new CaskError('CANCELLED', 'the merge ended before it was done'));
      }, reject);
    });
  }

  async #answer(
    asked: Exclude<MergeJobMessage, MergeJobResult>,
    outputIds: number[],
    merge: JudgedMerge,
  ): Promise<MergeEngineMessage> {
    while (this.#paused) await new Promise<void>((resolve) => this.#resumed.push(resolve));
    if (this.#closed) throw this.#closing();
    if (asked.type === 'verdicts?') {
      const { verdicts, touches } = await this.#judge(asked, merge);
      const { bytesPerSecond } = this.#parts.options.merge;
      return { type: 'verdicts', verdicts, touches: Float64Array.from(touches), bytesPerSecond };
    }
    const { catalog, environment } = this.#parts;
    const id = catalog.takeId();
    outputIds.push(id);
    return { type: 'output', id, salt: readU32(environment.random.bytes(4), 0) };
  }

  async #judge(request: VerdictRequest, merge: JudgedMerge): Promise<VerdictJudge> {
    const { keydir, environment } = this.#parts;
    const judge = new VerdictJudge(keydir, request.count, request.records, merge);
    while (!judge.step(RECORDS_PER_SLICE)) await nextTurn(environment.scheduler);
    this.#bytesDone = request.bytesDone;
    return judge;
  }

  /** Lists the outputs and drops the inputs, in one manifest. */
  async #publish(
    inputs: readonly Segment[],
    result: MergeJobResult,
    horizon: Committed,
  ): Promise<Segment[]> {
    const { catalog, manifests, clock } = this.#parts;
    // A verdict may rest on a write that is committed but not durable (modes interval and os):
    // it must not be lost once what it superseded is gone.
    const relied = this.#parts.committedSequence();
    await this.#parts.syncLog();
    if (this.#closed) throw this.#closing();
    const outputs = result.outputs.map((output) => addOutput(catalog, output, relied));
    for (const segment of inputs) {
      segment.state = 'obsolete';
      manifests.addObsolete(segmentName(segment.kind, segment.id));
      manifests.addObsolete(hintName(segment.id));
    }
    const floor = manifests.historyFloor;
    const floorTime = manifests.historyFloorTime;
    const isKept = horizon.sequence !== NO_HISTORY;
    const lost = isKept ? horizon : { sequence: relied, ms: clock.now() };
    if (result.dropped && lost.sequence > floor) manifests.setHistoryFloor(lost.sequence, lost.ms);
    let isReverted = false;
    const revert = (): void => {
      isReverted = true;
      manifests.setHistoryFloor(floor, floorTime);
      for (const segment of outputs) catalog.remove(segment);
      for (const segment of inputs) {
        segment.state = 'sealed';
        manifests.dropObsolete(segmentName(segment.kind, segment.id));
        manifests.dropObsolete(hintName(segment.id));
      }
    };
    try {
      await this.#untilSettled(manifests.publish(revert));
    } catch (error) {
      if (isReverted) {
        await this.#removeFiles(outputs.map(({ id }) => id));
        const code = isNoSpace(error) ? 'NO_SPACE' : 'TOO_MANY_OPEN_FILES';
        const cause = toCaskError(error).message;
        const message = `the manifest of the merge could not be written, nothing was changed: ${cause}`;
        throw new CaskError(code, message, { cause: error });
      }
      // Which of the two manifests is in place is not known: nothing may be removed or appended.
      for (const segment of inputs) segment.state = 'sealed';
      const cause = toCaskError(error);
      const message = `the manifest of a merge could not be written: ${cause.message}`;
      this.#parts.onFatal(new CaskError('STORE_FAILED', message, { cause }));
      throw error;
    }
    return outputs;
  }

  async #untilSettled(publishing: Promise<void>): Promise<void> {
    this.#publishing = publishing.catch(() => {});
    try {
      await publishing;
    } finally {
      this.#publishing = undefined;
    }
  }

  #noteUnreadable(error: unknown): void {
    const { catalog, logger } = this.#parts;
    if (!(error instanceof CaskError) || error.code !== 'CORRUPT') return;
    const segment = catalog.byId(Number(error.details?.['segment']));
    if (segment === undefined) return;
    segment.damaged = true;
    logger('error', 'segment-damaged', { ...error.details });
  }

  async #removeFiles(ids: readonly number[]): Promise<void> {
    const { files, environment } = this.#parts;
    for (const id of ids) {
      await environment.fs.unlink(files.pathOf({ id, kind: 'merged' })).catch(() => {});
      await environment.fs.unlink(files.hintPathOf({ id })).catch(() => {});
    }
  }

  /** Unlinks a merged-away segment that nobody pins any more (rule 27). */
  #removeSegment(segment: Segment): void {
    const { files, catalog, manifests, environment, logger } = this.#parts;
    if (segment.liveBytes !== 0) {
      // The installation was cut short: it stays readable, and the next open removes it.
      logger('error', 'obsolete-still-used', { segment: segment.id, bytes: segment.liveBytes });
      return;
    }
    const path = files.pathOf(segment);
    const hintPath = files.hintPathOf(segment);
    const work = async (): Promise<void> => {
      await files.close(segment);
      catalog.remove(segment);
      await environment.fs.unlink(path);
      manifests.noteUnlinked(segmentName(segment.kind, segment.id));
      await environment.fs.unlink(hintPath).catch(() => {});
      manifests.noteUnlinked(hintName(segment.id));
    };
    const removing = work()
      .catch((error: unknown) => {
        // The manifest calls it obsolete: the next open removes it.
        logger('warn', 'obsolete-not-removed', { segment: segment.id, reason: String(error) });
      })
      .finally(() => this.#removing.delete(removing));
    this.#removing.add(removing);
  }
}

function addOutput(catalog: SegmentCatalog, output: MergeJobOutput, relied: number): Segment {
  const segment = catalog.add({ ...output, state: 'sealed' });
  segment.base = output.min;
  segment.min = output.min;
  segment.last = output.last;
  segment.records = output.records;
  segment.tombstoneBytes = output.tombstoneBytes;
  segment.hintBytes = output.hintBytes;
  segment.latestUpdatedAt = output.latestUpdatedAt;
  segment.touches = output.hasTouches ? 'some' : 'none';
  segment.historyBytes = output.historyBytes;
  // What superseded these was committed by now.
  segment.historyUntil = output.historyBytes > 0 ? relied : 0;
  return segment;
}

/** The last sequence that is in no unsealed segment. */
function sealedUpTo(catalog: SegmentCatalog): number {
  return catalog.sealed().reduce((last, segment) => Math.max(last, segment.last), 0);
}

function jobSegmentOf({ id, kind, salt, bytes }: Segment): JobSegment {
  return { id, kind, salt, bytes };
}

/** What copying a segment will take: its live records, its tombstones, and their hint. */
function copyBytes(segment: Segment): number {
  const kept = segment.liveBytes + segment.tombstoneBytes;
  return kept + Math.ceil((segment.hintBytes * kept) / Math.max(1, segment.bytes));
}

/** What it will take at the most. */
function copyBytesMax(segment: Segment): number {
  return segment.bytes + segment.hintBytes;
}
