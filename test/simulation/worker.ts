/** A process that runs standard tasks for its parent, over the engine or a mutated one. */

import type { ExploreLimits } from './explorer.ts';
import { applyMutation, type Mutation } from './mutation.ts';
import { recycleBuffers } from './recycled-buffers.ts';
import type { TaskResult } from './run-tasks.ts';

/** The first message. */
export interface WorkerSetup {
  readonly seed: number;
  readonly limits: ExploreLimits;
  readonly mutation: Mutation | undefined;
}

export type WorkerAnswer =
  | { readonly type: 'ready' }
  | { readonly type: 'done'; readonly result: TaskResult }
  | { readonly type: 'broken'; readonly reason: string };

function answer(message: WorkerAnswer): Promise<void> {
  return new Promise((resolve) => process.send?.(message, undefined, undefined, () => resolve()));
}

async function serve(setup: WorkerSetup): Promise<void> {
  recycleBuffers();
  if (setup.mutation !== undefined) applyMutation(setup.mutation);
  // Only now: the engine is loaded with the mutation in it.
  const { runTask } = await import('./run-tasks.ts');
  process.on('message', (index: number) => {
    runTask(setup.seed, index, setup.limits).then(
      (result) => answer({ type: 'done', result }),
      (thrown: unknown) => answer({ type: 'broken', reason: reasonOf(thrown) }),
    );
  });
  await answer({ type: 'ready' });
}

function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}

process.on('disconnect', () => process.exit());
process.once('message', (setup: WorkerSetup) => {
  serve(setup).catch((thrown: unknown) => answer({ type: 'broken', reason: reasonOf(thrown) }));
});
