/** What a server tells operators of its clients and of slow requests. Times are ms since 1970. */

/** One connection. */
export interface ClientFacts {
  /** Never given twice while the server runs. */
  readonly id: number;
  /** `host:port` of its end. */
  readonly address: string;
  /** As it calls itself. */
  readonly name: string;
  /** Undefined: nobody is asked, or it has not said yet. */
  readonly user: string | undefined;
  readonly state: string;
  readonly connectedAt: number;
  /** Since something was heard of it; to the second. */
  readonly idleMs: number;
  readonly requests: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Requests without an answer. */
  readonly inFlight: number;
  /** Replies that the kernel has not taken. */
  readonly pendingBytes: number;
  readonly lastOperation: string | undefined;
}

/** How large a request is. */
export interface RequestSize {
  /** Of its frame. */
  readonly bytesIn: number;
  /** About so many bytes of keys and values in the reply. */
  readonly bytesOut: number;
  /** 0: it names no single key. */
  readonly keyBytes: number;
  /** Keys or items asked for, or entries given back by RANGE; 0: it is not of items. */
  readonly items: number;
}

/**
 * Requests of one kind and one client that took long and whose replies left together: mostly one.
 * Keys and values are not told.
 */
export interface SlowEntry extends RequestSize {
  /** Counts up from 1, and goes on after a reset. */
  readonly id: number;
  /** When the reply left. */
  readonly at: number;
  /** How long it took; of several requests, the longest. */
  readonly ms: number;
  readonly operation: string;
  readonly clientId: number;
  readonly address: string;
  /** As the client calls itself. */
  readonly client: string;
  /** How many they are. Bytes and items are their sum, `keyBytes` the longest. */
  readonly requests: number;
}
