import { CaskError } from '../../errors/cask-error.ts';
import type { CommandContext } from './command.ts';

/** Answers LOADING while the sorted index still loads. @returns true: answered */
export function refuseWhileLoading(context: CommandContext, id: number): boolean {
  if (context.services.store.indexReady) return false;
  const message = 'the sorted index still loads after the start; point operations are served';
  context.refuse(id, new CaskError('LOADING', message));
  return true;
}
