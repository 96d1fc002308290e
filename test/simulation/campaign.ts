/**
 * Many standard tasks on several processes. Results are taken in the order of the tasks, so the
 * figures depend on the seed and on how far it goes, and on nothing else.
 */

import type { ExploreLimits, FailureReport } from './explorer.ts';
import { Figures } from './figures.ts';
import { DigestSet } from './image-digest.ts';
import type { TaskResult } from './run-tasks.ts';
import { WorkerProcess } from './worker-process.ts';

export interface CampaignOptions {
  readonly seed: number;
  readonly limits: ExploreLimits;
  readonly workers: number;
  readonly firstTask: number;
  /** Goes on while this says so; asked before each result in turn. */
  readonly wantsMore: (campaign: Campaign) => boolean;
  readonly onResult?: (campaign: Campaign) => void;
  readonly digests?: DigestSet;
}

export interface CampaignFailure extends FailureReport {
  readonly task: number;
}

export class Campaign {
  readonly figures = new Figures();
  readonly digests: DigestSet;
  readonly failures: CampaignFailure[] = [];
  /** All tasks below this one are done. */
  nextTask: number;
  readonly #options: CampaignOptions;
  /** Results that came before their turn. */
  readonly #early = new Map<number, TaskResult>();
  #handedOut: number;

  constructor(options: CampaignOptions) {
    this.#options = options;
    this.nextTask = options.firstTask;
    this.#handedOut = options.firstTask;
    this.digests = options.digests ?? new DigestSet();
    for (const cell of this.digests.columns().cells) this.figures.countCell(cell);
  }

  get states(): number {
    return this.digests.size;
  }

  async run(): Promise<void> {
    const { seed, limits, workers } = this.#options;
    const setup = { seed, limits, mutation: undefined };
    const processes = await Promise.all(
      Array.from({ length: workers }, () => WorkerProcess.start(setup)),
    );
    try {
      await Promise.all(processes.map((process) => this.#feed(process)));
    } finally {
      for (const process of processes) process.stop();
    }
  }

  async #feed(process: WorkerProcess): Promise<void> {
    while (this.#options.wantsMore(this)) {
      const task = this.#handedOut;
      this.#handedOut += 1;
      this.#early.set(task, await process.run(task));
      this.#takeInOrder();
    }
  }

  #takeInOrder(): void {
    for (;;) {
      const result = this.#early.get(this.nextTask);
      if (result === undefined || !this.#options.wantsMore(this)) return;
      this.#early.delete(this.nextTask);
      this.#take(result);
      this.nextTask += 1;
      this.#options.onResult?.(this);
    }
  }

  #take(result: TaskResult): void {
    const { digests, cells, failure } = result;
    for (const [row, digest] of digests.entries()) {
      const cell = cells[row] as number;
      if (this.digests.add(digest, cell)) this.figures.countCell(cell);
    }
    this.figures.workloads += 1;
    this.figures.recoveries += result.recoveries;
    this.figures.faults += result.faults;
    if (failure !== undefined) this.failures.push({ ...failure, task: result.index });
  }
}
