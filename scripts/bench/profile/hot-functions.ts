/** Where the time went, by a CPU profile of V8: self time of each function. */

/** What is used here of a `.cpuprofile`. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      readonly lineNumber: number;
    };
  }[];
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

export interface HotFunction {
  readonly name: string;
  /** File and line; of Node itself its module. */
  readonly place: string;
  readonly selfMs: number;
  /** Of the time in which something ran. */
  readonly share: number;
}

const IDLE = new Set(['(idle)', '(root)']);

/** Hottest first; `(program)` is native code, `(garbage collector)` is what it says. */
export function hotFunctions(
  { nodes, samples, timeDeltas }: CpuProfile,
  count: number,
): HotFunction[] {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const byPlace = new Map<string, { name: string; place: string; selfMs: number }>();
  let busyMs = 0;
  for (const [index, id] of samples.entries()) {
    const frame = frames.get(id);
    if (frame === undefined || IDLE.has(frame.functionName)) continue;
    const name = frame.functionName || '(anonymous)';
    const file = frame.url.replace(/^.*\/(?=(?:src|dist|node_modules)\/)/, '');
    const place = file === '' ? '' : `${file}:${frame.lineNumber + 1}`;
    const hot = byPlace.get(`${name} ${place}`) ?? { name, place, selfMs: 0 };
    const tookMs = (timeDeltas[index] ?? 0) / 1000;
    hot.selfMs += tookMs;
    busyMs += tookMs;
    byPlace.set(`${name} ${place}`, hot);
  }
  return [...byPlace.values()]
    .toSorted((one, other) => other.selfMs - one.selfMs)
    .slice(0, count)
    .map((hot) => ({ ...hot, share: hot.selfMs / busyMs }));
}
