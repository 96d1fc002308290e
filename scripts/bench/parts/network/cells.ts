/** What is measured by redis-benchmark: commands, connections, pipelines, durability. */

import type { GoalId } from '../../report/goals.ts';
import type { RedisFsync } from '../../servers/redis-server.ts';

export interface Cell {
  readonly command: 'SET' | 'GET';
  readonly fsync: RedisFsync;
  readonly connections: number;
  readonly pipeline: number;
  /** What is asked of the ratio to Redis, with a value cache, and without one. */
  readonly goal?: GoalId;
  readonly goalUncached?: GoalId;
}

const GOALS_OF: Readonly<Record<string, Pick<Cell, 'goal' | 'goalUncached'>>> = {
  'SET everysec 50x16': { goal: 'set-p16-everysec' },
  'SET always 50x16': { goal: 'set-p16-always' },
  'SET everysec 50x1': { goal: 'set-50-everysec' },
  'SET always 50x1': { goal: 'set-50-always' },
  'SET always 1x1': { goal: 'set-1-always' },
  'GET everysec 50x16': { goal: 'get-p16-cache', goalUncached: 'get-p16-page-cache' },
  'GET everysec 50x1': { goal: 'get-50' },
};

const CONNECTIONS = [1, 50, 200];
const PIPELINES = [1, 16];

/** Reading does not depend on durability. */
export function cellsOf(fsync: RedisFsync): Cell[] {
  const commands = fsync === 'everysec' ? (['SET', 'GET'] as const) : (['SET'] as const);
  return commands.flatMap((command) =>
    CONNECTIONS.flatMap((connections) =>
      PIPELINES.map((pipeline) => {
        const name = `${command} ${fsync} ${connections}x${pipeline}`;
        return { command, fsync, connections, pipeline, ...GOALS_OF[name] };
      }),
    ),
  );
}

export function cellName({ command, connections, pipeline }: Cell): string {
  const word = connections === 1 ? 'connection' : 'connections';
  return `${command}, ${connections} ${word}${pipeline === 1 ? '' : `, pipeline ${pipeline}`}`;
}
