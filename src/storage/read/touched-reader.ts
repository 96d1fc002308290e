/**
 * `get` of a key whose newest write is a touch that is not committed: the value is that of an
 * earlier put, wherever that is by now. Few reads come here, so they may cost objects.
 */

import { type CaskError, toCaskError } from '../../errors/cask-error.ts';
import type { EntryView } from '../reply-sink.ts';
import type { Group } from '../write/group.ts';
import type { PriorState } from '../write/prior-state.ts';
import type { WriteOrigin } from '../write/write-origin.ts';
import type { EntrySource } from './entry-source.ts';

export class TouchedReader {
  readonly #prior: PriorState;
  readonly #source: EntrySource;

  constructor(prior: PriorState, source: EntrySource) {
    this.#prior = prior;
    this.#source = source;
  }

  /** Answers with what `prior` describes, which depends on a group, once that commits. */
  get(origin: WriteOrigin, key: Uint8Array, token: number): void {
    const group = this.#prior.dependsOn as Group;
    const { sink } = origin;
    const tell = (answer: EntryView | CaskError): void => {
      whenCommitted(
        group,
        () => {
          if ('code' in answer) sink.onError(token, answer);
          else sink.onValue(token, answer);
        },
        (error) => sink.onError(token, error),
      );
    };
    try {
      if (this.#source.fill(this.#prior, key, 0, key.length, undefined)) {
        tell(copyOf(this.#source.entry));
      } else {
        void this.#fetch(key).then(tell);
      }
    } catch (error) {
      tell(toCaskError(error));
    }
  }

  /** Never rejects. */
  async #fetch(key: Uint8Array): Promise<EntryView | CaskError> {
    const location = this.#source.locationOf(this.#prior);
    const meta = { ...this.#source.entry };
    try {
      if (location === undefined) throw new Error('a value that is not on the disk is at hand');
      const { error, buffer, view } = await this.#source.fetch(location, key.length);
      if (error !== undefined) throw error;
      this.#source.verify(buffer, view, key, 0, key.length);
      const { valueStart, valueBytes } = view;
      return { ...meta, buffer, valueStart, valueBytes };
    } catch (error) {
      return toCaskError(error);
    }
  }
}

function copyOf(entry: EntryView): EntryView {
  const { buffer, valueStart, valueBytes } = entry;
  const value = Buffer.from(buffer.subarray(valueStart, valueStart + valueBytes));
  return { ...entry, buffer: value, valueStart: 0 };
}

function whenCommitted(
  group: Group,
  committed: () => void,
  failed: (error: CaskError) => void,
): void {
  if (group.state === 'committed') committed();
  else if (group.failure !== undefined) failed(group.failure);
  else group.waiters.push({ committed, failed });
}
