/**
 * Visits the crash states of recorded runs: computes the images, recovers each distinct one, and
 * checks it; an image that was seen before is only judged again by what was promised this time.
 */

import { toCheckFailure } from './check-failure.ts';
import { CRASH_MODES, type CrashPlan, crashImage, pendingCount } from './crash-image.ts';
import { checkFaultyRecovery, recoveryFault } from './faulty-recovery.ts';
import { cellOf, Figures } from './figures.ts';
import { withDamagedHints, withoutHints } from './hint-damage.ts';
import { DigestSet, imageDigest } from './image-digest.ts';
import { judge, type Observation } from './observation.ts';
import { PHASES, type Phase } from './phase.ts';
import type { CrashPoint, Recording } from './recording.ts';
import {
  checkRecovery,
  checkSame,
  observeDisk,
  type Recovered,
  type RecoveryOptions,
} from './recovery-check.ts';
import { checkRot } from './rot-check.ts';
import { runWorkload } from './run-workload.ts';
import { SeededRandom } from './seeded-random.ts';
import type { Workload } from './workload.ts';

/** Where a check failed, so that it can be found again. */
export interface FailureReport {
  readonly workload: Workload;
  readonly check: string;
  readonly message: string;
  readonly place: string;
}

export interface ExploreLimits {
  /** Stop after so many states of the workload. */
  readonly statesMax: number;
  /** Outcomes of a power cut in modes tear and reorder, by what the store was doing. */
  readonly variants: Readonly<Record<Phase, number>>;
  /** One in so many images is visited; they are as good as random. */
  readonly sampled: Readonly<Record<Phase, number>>;
  /** One in so many recoveries is crashed itself, at all its points. */
  readonly crashedRecoveries: number;
  /** One in so many goes on writing, closes and opens again. */
  readonly continued: number;
  /** One in so many is opened without its hints; as many with wrong ones, twice, with bit rot. */
  readonly compared: number;
  /** One in so many recovers once more, and meets a fault. */
  readonly faultyRecoveries: number;
}

export const STANDARD_LIMITS: ExploreLimits = {
  statesMax: Number.POSITIVE_INFINITY,
  // A merge has few operations, and all of them matter.
  variants: { append: 3, roll: 1, merge: 5, recovery: 2, manifest: 1 },
  // Every run rolls and publishes; few merge.
  sampled: { append: 1, roll: 2, merge: 1, recovery: 1, manifest: 2 },
  crashedRecoveries: 12,
  continued: 4,
  compared: 16,
  faultyRecoveries: 8,
};

/** Fewer images of each workload, so more workloads in the same time. */
export const SPARSE_LIMITS: ExploreLimits = {
  ...STANDARD_LIMITS,
  sampled: { append: 3, roll: 6, merge: 2, recovery: 4, manifest: 6 },
  crashedRecoveries: 4,
};

/** Observations are kept for so many images, to be judged again. */
const REMEMBERED_MAX = 50_000;
/** Sampling and the other choices look at different digits of a digest. */
const SAMPLING_SHIFT = 1_000_003;
/** Of the digests modulo `compared`: what such a store left when it was open is opened again. */
const OPENED_TWICE = 2;
/** A crash, a crash in its recovery, and one more in the recovery from that. */
const DEPTH_MAX = 3;

interface Visit {
  readonly workload: Workload;
  readonly keys: readonly string[];
  readonly recording: Recording;
  readonly depth: number;
  /** What led here, for people. */
  readonly trail: string;
}

export class Explorer {
  readonly #digests = new DigestSet();
  readonly figures = new Figures();
  readonly #limits: ExploreLimits;
  readonly #remembered = new Map<number, Observation>();
  #statesLeft = 0;

  constructor(limits: ExploreLimits = STANDARD_LIMITS) {
    this.#limits = limits;
  }

  /** The distinct images so far, each with the cell of the figures that it counts in. */
  visited(): ReturnType<DigestSet['columns']> {
    return this.#digests.columns();
  }

  /** All crash states of a workload; the first failure ends it. */
  async explore(workload: Workload): Promise<FailureReport | undefined> {
    this.#statesLeft = this.#limits.statesMax;
    let place = 'the live run';
    try {
      const { recording, keys } = await runWorkload(workload);
      this.figures.workloads += 1;
      const visit: Visit = { workload, keys, recording, depth: 1, trail: '' };
      await this.#visitPoints(visit, (at) => {
        place = at;
      });
      return undefined;
    } catch (thrown) {
      const { check, message } = toCheckFailure(thrown, 'unexpected-error');
      return { workload, check, message, place };
    }
  }

  async #visitPoints(visit: Visit, enter: (place: string) => void): Promise<void> {
    for (const point of visit.recording.points) {
      for (const plan of this.#plans(point)) {
        if (this.#statesLeft <= 0) return;
        const place = `${visit.trail}${describePoint(point, plan)}`;
        enter(place);
        const recovered = await this.#visitImage(visit, point, plan);
        if (recovered === undefined) continue;
        const { recording, keys } = recovered;
        const { workload, depth } = visit;
        const inner = { workload, keys, recording, depth: depth + 1, trail: `${place}, then ` };
        await this.#visitPoints(inner, enter);
      }
    }
  }

  #plans(point: CrashPoint): CrashPlan[] {
    const plans: CrashPlan[] = [{ mode: 'keep', variant: 0 }];
    const pending = pendingCount(point.disk);
    if (pending === 0) return plans;
    plans.unshift({ mode: 'drop', variant: 0 });
    for (let variant = 0; variant < this.#limits.variants[point.phase]; variant += 1) {
      plans.push({ mode: 'tear', variant });
      if (pending > 1) plans.push({ mode: 'reorder', variant });
    }
    return plans;
  }

  /** Resolves to a recovery whose own crash points are to be visited; undefined: no need. */
  async #visitImage(
    visit: Visit,
    point: CrashPoint,
    plan: CrashPlan,
  ): Promise<Recovered | undefined> {
    const image = crashImage(point.disk, plan);
    const digest = imageDigest(image);
    const expectations = visit.recording.expectationsAt(point);
    const known = this.#remembered.get(digest);
    if (known !== undefined) {
      judge(known, plan.mode === 'keep' ? expectations.kill : expectations.powerCut);
      return undefined;
    }
    const { sampled, crashedRecoveries, continued, compared } = this.#limits;
    if (Math.floor(digest / SAMPLING_SHIFT) % sampled[point.phase] !== 0) return undefined;
    const { workload, keys, depth } = visit;
    const isCrashed = depth < DEPTH_MAX && digest % (crashedRecoveries * depth * depth) === 0;
    const options: RecoveryOptions = {
      workload,
      keys,
      image,
      mode: plan.mode,
      nowMs: point.nowMs,
      expectations,
      goesOn: digest % continued === 0,
      isRecorded: isCrashed || digest % compared === OPENED_TWICE,
    };
    const recovered = await checkRecovery(options);
    this.figures.recoveries += 1;
    const cell = cellOf(CRASH_MODES.indexOf(plan.mode), PHASES.indexOf(point.phase));
    if (this.#digests.add(digest, cell)) {
      this.#statesLeft -= 1;
    }
    this.#remember(digest, recovered.observation);
    await this.#compare(options, digest, recovered);
    const { faultyRecoveries } = this.#limits;
    if (digest % faultyRecoveries === 3) {
      await checkFaultyRecovery(options, recoveryFault(Math.floor(digest / faultyRecoveries)));
      this.figures.faults += 1;
    }
    return isCrashed ? recovered : undefined;
  }

  /** Recovering twice equals once; hints change nothing, whatever is wrong with them. */
  async #compare(options: RecoveryOptions, digest: number, recovered: Recovered): Promise<void> {
    const { observation } = recovered;
    const { image } = options;
    switch (digest % this.#limits.compared) {
      case 1: {
        const scanned = await observeDisk({ ...options, image: withoutHints(image) });
        return checkSame(observation, scanned, 'hint-and-scan-differ');
      }
      case OPENED_TWICE: {
        const opened = recovered.recording.points.findLast(({ isOpening }) => isOpening);
        const again = await observeDisk({ ...options, image: opened?.disk ?? image });
        return checkSame(observation, again, 'second-recovery-differs');
      }
      case 3: {
        const hurt = withDamagedHints(image, new SeededRandom(digest));
        if (hurt === image) return;
        return checkSame(
          observation,
          await observeDisk({ ...options, image: hurt }),
          'wrong-hint-used',
        );
      }
      case 4:
        if (await checkRot(options, observation, digest)) this.figures.faults += 1;
        return;
      default:
        return;
    }
  }

  #remember(digest: number, observation: Observation): void {
    this.#remembered.set(digest, observation);
    if (this.#remembered.size <= REMEMBERED_MAX) return;
    const oldest = this.#remembered.keys().next();
    if (!oldest.done) this.#remembered.delete(oldest.value);
  }
}

function describePoint(point: CrashPoint, plan: CrashPlan): string {
  const variant = plan.variant > 0 ? `/${plan.variant}` : '';
  return `${plan.mode}${variant} after operation ${point.operation} (${point.what}, ${point.phase})`;
}
