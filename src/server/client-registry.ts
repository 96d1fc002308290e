/** The connections of a server, in the order of their ids, for operators. */

import { CaskError } from '../errors/cask-error.ts';
import type { ClientFacts } from '../vocabulary/insight.ts';
import type { ServedConnection } from './served-connection.ts';

export interface ClientPage {
  readonly clients: ClientFacts[];
  readonly more: boolean;
}

/** What commands see of it. */
export interface ClientRegistry {
  /** @param after clients with a greater id; 0: from the first one */
  page(after: number, limit: number): ClientPage;
  /** Says why, and closes. @param by who wants it @returns was there such a client */
  kill(id: number, by: string): boolean;
}

export class ConnectionRegistry implements ClientRegistry {
  /** Open ones, and those that are being closed; ids ascend, as they do in time. */
  readonly all: Set<ServedConnection> = new Set();

  page(after: number, limit: number): ClientPage {
    const clients: ClientFacts[] = [];
    for (const connection of this.all) {
      if (connection.clientId <= after || connection.closed) continue;
      if (clients.length === limit) return { clients, more: true };
      clients.push(connection.facts());
    }
    return { clients, more: false };
  }

  kill(id: number, by: string): boolean {
    for (const connection of this.all) {
      if (connection.clientId !== id || connection.closed) continue;
      connection.kill(new CaskError('KILLED', `the connection was closed by ${by}`));
      return true;
    }
    return false;
  }
}
