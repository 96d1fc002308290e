/**
 * The one way to a command, for every listener: here it is decided whether the user may.
 */

import { CaskError } from '../../errors/cask-error.ts';
import { OP_NAMES, opName } from '../../protocol/op-codes.ts';
import type { RequestReader } from '../../protocol/request-reader.ts';
import { type Need, rankOf, refusalOf } from '../../security/index.ts';
import type { CommandContext } from './command.ts';
import { commandOf } from './command-table.ts';

/** That there is no such operation is told to users, and to nobody else. */
const UNKNOWN: Need = { role: 'read', reach: 'session' };

/** By number of the operation: the rank that it needs. */
const RANKS: readonly number[] = OP_NAMES.map((_, op) => rankOf((commandOf(op) ?? UNKNOWN).role));
const UNKNOWN_RANK = rankOf(UNKNOWN.role);

/**
 * Runs the command of a request, or answers why not.
 * @throws what the reader throws, before anything was done
 */
export function dispatch(context: CommandContext, request: RequestReader): void {
  const { id, op } = request;
  const { account } = context;
  const command = commandOf(op);
  // nearly everybody may nearly everything: who does not is looked at closely
  if (account.rank < (RANKS[op] ?? UNKNOWN_RANK) || account.prefixes !== undefined) {
    const refusal = refusalOf(account, opName(op), command ?? UNKNOWN);
    if (refusal !== undefined) {
      context.refuse(id, refusal);
      return;
    }
  }
  if (command === undefined) {
    request.readNothing();
    context.refuse(id, new CaskError('UNKNOWN_OPERATION', `there is no ${opName(op)}`));
    return;
  }
  command.run(context, request);
}
