import type { PlainValue } from '../../protocol/msgpack-writer.ts';
import { OP_BACKUP } from '../../protocol/op-codes.ts';
import { encodeReply } from '../../protocol/reply-writer.ts';
import { placeForBackup } from '../backup-place.ts';
import type { Facts } from '../served-store.ts';
import type { Command, LaterAnswer } from './command.ts';

/** A backup that nobody waits for goes on; JOBS stops it, and so does the end of the server. */
const BACKUP_RESULT: LaterAnswer<Facts> = {
  encode: (out, id, result) => encodeReply(out, id, [result as PlainValue]),
  cancellable: true,
  leftAtShutdown: true,
  goesOn: true,
};

/** BACKUP directory?, keep?, flags?: answered when it is done. */
export const backup: Command = {
  op: OP_BACKUP,
  role: 'admin',
  reach: 'server',
  run(context, request) {
    const asked = request.readBackup();
    const { store, backupDirectory, identity } = context.services;
    const directory = placeForBackup(asked.directory, backupDirectory);
    const options = { ...asked, directory, caskdVersion: identity.version };
    context.answerLater(request.id, store.backup(options), BACKUP_RESULT);
  },
};
