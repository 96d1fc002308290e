/** The parts that a read goes through, wired together. */

import type { CaskError } from '../../errors/cask-error.ts';
import { LatencyGate, READ_MEAN_MS_MAX } from '../disk/latency-gate.ts';
import type { OpenedDirectory } from '../recovery/open-directory.ts';
import type { StoreOptions } from '../store-options.ts';
import type { WritePath } from '../write/write-path.ts';
import { EntrySource } from './entry-source.ts';
import { PageMemory } from './page-memory.ts';
import { PageReader } from './page-reader.ts';
import { PageTurns } from './page-turns.ts';
import { PointReader } from './point-reader.ts';
import { RangeReader } from './range-reader.ts';
import { ReadTrouble } from './read-trouble.ts';
import { RecordReader } from './record-reader.ts';
import { TouchedReader } from './touched-reader.ts';
import { ValueCache } from './value-cache.ts';

export class ReadPath {
  readonly cache: ValueCache;
  readonly gate: LatencyGate;
  readonly trouble: ReadTrouble;
  readonly reader: RecordReader;
  /** For those who change what they read. */
  readonly entries: EntrySource;
  readonly pageMemory: PageMemory;
  readonly points: PointReader;
  readonly ranges: RangeReader;

  /** @param closedBy why nothing can be read; undefined: it can */
  constructor(
    options: StoreOptions,
    opened: OpenedDirectory,
    writes: WritePath,
    closedBy: () => CaskError | undefined,
  ) {
    const { environment, maxKeyBytes, maxRangeItems, maxRangeBytes, maxBatchItems } = options;
    const { clock: monotonic } = environment;
    const { catalog, files, keydir, clock } = opened;
    const { pending, applier, sequencer, expirer } = writes;
    const now = (): number => clock.now();
    this.cache = new ValueCache(options.cacheBytes);
    applier.cache = this.cache;
    const { deviceReads } = environment;
    this.gate = new LatencyGate(monotonic, { meanMsMax: READ_MEAN_MS_MAX, deviceReads });
    this.trouble = new ReadTrouble(monotonic, options.logger);
    const { cache, gate, trouble } = this;
    const { commit } = writes;
    this.reader = new RecordReader(
      files,
      environment,
      gate,
      trouble,
      options,
      () => commit.wantsThreads,
    );
    const { reader } = this;
    this.entries = new EntrySource(keydir, catalog, cache, reader, writes.commit);
    this.pageMemory = new PageMemory(options.maxPageBytesInFlight);
    this.points = new PointReader({
      keydir,
      catalog,
      pending,
      applier,
      sequencer,
      touched: new TouchedReader(sequencer.prior, this.entries),
      cache,
      reader,
      maxKeyBytes,
      now,
      closedBy,
    });
    const turns = new PageTurns(environment.scheduler);
    this.ranges = new RangeReader({
      keydir,
      catalog,
      files,
      cache,
      points: this.points,
      pages: new PageReader({ environment, cache, reader, turns }),
      memory: this.pageMemory,
      turns,
      expirer,
      environment,
      maxRangeItems,
      maxRangeBytes,
      maxBatchItems,
      maxKeyBytes,
      maxValueBytes: options.maxValueBytes,
      now,
      closedBy,
    });
  }
}
