import { OP_GET_MANY } from '../../protocol/op-codes.ts';
import { encodeGetManyReply, entriesReplyRoom } from '../../protocol/reply-writer.ts';
import type { DamagedEntry, Entry } from '../../storage/entry.ts';
import type { Session } from '../../storage/session.ts';
import type { Command, LaterAnswer } from './command.ts';

type Found = Entry | DamagedEntry | undefined;

/** Keys asked for at first, when nothing is known of the sizes of their values. */
const FIRST_KEYS = 16;
/** Keys asked for at a time at most. */
const MORE_KEYS_MAX = 512;

const ENTRIES: LaterAnswer<Found[]> = {
  encode: encodeGetManyReply,
  bytes: entriesReplyRoom,
  cancellable: true,
};

/** GET_MANY keys: in order, ending early once the reply is large. */
export const getMany: Command = {
  op: OP_GET_MANY,
  run(context, request) {
    const { maxBatchItems, maxRangeBytes } = context.services.limits;
    const keys = request.readKeys(maxBatchItems);
    const found = readMany(context.session, keys, maxRangeBytes);
    context.answerLater(request.id, found, ENTRIES);
  },
};

/**
 * Asks the store in portions, each as large as the values so far promise to fit, so that memory
 * is bounded by the portion rather than by all the values asked for.
 */
async function readMany(
  session: Session,
  keys: readonly Uint8Array[],
  bytesMax: number,
): Promise<Found[]> {
  const found: Found[] = [];
  let bytes = 0;
  let portion = FIRST_KEYS;
  while (found.length < keys.length) {
    for (const entry of await session.getMany(keys.slice(found.length, found.length + portion))) {
      bytes += bytesOf(entry);
      if (bytes > bytesMax && found.length > 0) return found;
      found.push(entry);
    }
    const averageBytes = Math.max(1, bytes / found.length);
    const fitting = Math.ceil((bytesMax - bytes) / averageBytes);
    portion = Math.max(1, Math.min(MORE_KEYS_MAX, fitting));
  }
  return found;
}

function bytesOf(entry: Found): number {
  if (entry === undefined) return 0;
  return entry.key.length + ('value' in entry ? entry.value.length : 0);
}
