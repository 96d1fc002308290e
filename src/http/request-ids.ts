/** What a request is called: as its client says, or a name that no other request has. */

import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Taken as it comes, if it is short and harmless. */
const REQUEST_ID = /^[\w.:/+=-]{1,128}$/;

export class RequestIds {
  readonly #process = randomBytes(4).toString('hex');
  #requests = 0;

  idOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
    const given = headers['x-request-id'];
    if (typeof given === 'string' && REQUEST_ID.test(given)) return given;
    this.#requests += 1;
    return `${this.#process}-${this.#requests.toString(36)}`;
  }
}
