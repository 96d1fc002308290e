import { CaskError } from '../../errors/cask-error.ts';
import type { PlainValue } from '../../protocol/msgpack-writer.ts';
import { OP_CLIENTS } from '../../protocol/op-codes.ts';
import { encodeBoolReply, encodeReply } from '../../protocol/reply-writer.ts';
import type { Command, CommandContext } from './command.ts';

/** Bounds how long a list holds the event loop. */
const PAGE_CLIENTS_MAX = 500;

/** CLIENTS list, after?, limit? or kill, id. */
export const clients: Command = {
  op: OP_CLIENTS,
  role: 'admin',
  reach: 'server',
  run(context, request) {
    const { action, numbers } = request.readAction(['list', 'kill'], 'id', 'limit');
    const [id, limit = PAGE_CLIENTS_MAX] = numbers;
    if (action === 'kill') {
      kill(context, request.id, id);
      return;
    }
    const most = Math.min(Math.max(limit, 1), PAGE_CLIENTS_MAX);
    const page = context.services.clients.page(id ?? 0, most);
    encodeReply(context.out, request.id, [page.clients as unknown as PlainValue, page.more]);
    context.answered();
  },
};

function kill(context: CommandContext, requestId: number, id: number | undefined): void {
  if (id === undefined) {
    context.refuse(requestId, new CaskError('BAD_REQUEST', 'kill needs the id of a client'));
    return;
  }
  const { clientId, account, services } = context;
  const by = account.name === '' ? `client ${clientId}` : `${account.name}, client ${clientId}`;
  const isOwn = id === clientId;
  // the reply first: it may be the last one
  const found = isOwn || services.clients.kill(id, by);
  encodeBoolReply(context.out, requestId, found);
  context.answered();
  if (isOwn) services.clients.kill(id, by);
}
