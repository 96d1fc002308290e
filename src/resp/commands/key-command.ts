/** Commands on one key that read, decide and write: alone, or within EXEC. */

import type { KeyCommand, RespCommand } from './command.ts';

type Described = Omit<RespCommand, 'run' | 'inTransaction' | 'keys'>;

/** The key is the first argument. `run` where the command alone has a shorter way. */
export function keyCommand(
  described: Described,
  command: KeyCommand,
  run?: RespCommand['run'],
): RespCommand {
  return {
    ...described,
    keys: [1, 1, 1],
    run: run ?? ((context, args) => context.modify(command, args)),
    inTransaction: (args, view, reply) => view.apply(command, args, reply),
  };
}
