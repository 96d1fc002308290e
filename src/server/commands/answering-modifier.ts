import type { OutputBuffer } from '../../protocol/output-buffer.ts';
import type { Modifier } from '../../storage/modifier.ts';
import type { PutOutcome } from '../../storage/reply-sink.ts';

/** What commands hand to `Session.modify`: once it is committed it writes the reply itself. */
export interface AnsweringModifier extends Modifier {
  encode(out: OutputBuffer, id: number, outcome: PutOutcome): void;
}
