/**
 * The one way to a command, for every listener: here it is decided whether the user may.
 */

import { CaskError } from '../../errors/cask-error.ts';
import { OP_NAMES, opName } from '../../protocol/op-codes.ts';
import type { RequestReader } from '../../protocol/request-reader.ts';
import { type Account, type NeededRole, NOBODY, rankOf } from '../../security/index.ts';
import type { CommandContext } from './command.ts';
import { commandOf } from './command-table.ts';

/** That there is no such operation is told to users, and to nobody else. */
const UNKNOWN_NEEDS: NeededRole = 'read';

/** By number of the operation: the rank that it needs. */
const RANKS: readonly number[] = OP_NAMES.map((_, op) =>
  rankOf(commandOf(op)?.role ?? UNKNOWN_NEEDS),
);
const UNKNOWN_RANK = rankOf(UNKNOWN_NEEDS);

/**
 * Runs the command of a request, or answers why not.
 * @throws what the reader throws, before anything was done
 */
export function dispatch(context: CommandContext, request: RequestReader): void {
  const { id, op } = request;
  const { account } = context;
  if (account.rank < (RANKS[op] ?? UNKNOWN_RANK)) {
    context.refuse(id, refusal(account, op));
    return;
  }
  const command = commandOf(op);
  if (command === undefined) {
    request.readNothing();
    context.refuse(id, new CaskError('UNKNOWN_OPERATION', `there is no ${opName(op)}`));
    return;
  }
  command.run(context, request);
}

function refusal(account: Account, op: number): CaskError {
  const operation = opName(op);
  if (account.revoked) {
    return new CaskError('UNAUTHENTICATED', `the user ${account.name} was removed or changed`);
  }
  if (account === NOBODY) {
    return new CaskError('UNAUTHENTICATED', `${operation} needs user and password`);
  }
  const role = commandOf(op)?.role ?? UNKNOWN_NEEDS;
  const message = `${operation} needs the role ${role}, which the user ${account.name} has not`;
  return new CaskError('FORBIDDEN', message, { details: { operation, role } });
}
