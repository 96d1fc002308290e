/** Merge, backup, jobs, clients and the slow log. */

import type { Api } from './api.ts';

export interface Job {
  readonly id: number;
  readonly kind: string;
  readonly state: string;
  readonly unit: string;
  readonly done: number;
  readonly total?: number;
  readonly ms: number;
  readonly error?: { readonly code: string; readonly message: string };
  /** What it gave; of a backup, where it is. */
  readonly result?: { readonly path?: string };
}

export interface SlowRequest {
  readonly at: number;
  readonly ms: number;
  readonly operation: string;
  readonly address: string;
  /** As the client calls itself. */
  readonly client: string;
  readonly requests: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export interface Client {
  readonly id: number;
  readonly address: string;
  readonly name: string;
  readonly user?: string;
  readonly lastOperation?: string;
  readonly requests: number;
  readonly idleMs: number;
}

/** The newest; more is nothing to look at. */
const SLOW_MAX = 50;

export class WorkApi {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  async merge(): Promise<void> {
    await this.#api.post('/v1/admin/merge', { action: 'run' });
  }

  /** @param directory empty: the one that is configured */
  async backUp(directory: string): Promise<void> {
    await this.#api.post('/v1/admin/backup', directory === '' ? {} : { directory });
  }

  async cancel(job: number): Promise<void> {
    await this.#api.request(`/v1/jobs/${job}`, { method: 'DELETE' });
  }

  async jobs(): Promise<readonly Job[]> {
    const { jobs } = await this.#api.json<{ jobs: readonly Job[] }>('/v1/jobs');
    return jobs;
  }

  async slowRequests(): Promise<readonly SlowRequest[]> {
    const { entries } = await this.#api.json<{ entries: readonly SlowRequest[] }>(
      `/v1/slowlog?count=${SLOW_MAX}`,
    );
    return entries;
  }

  async clients(): Promise<readonly Client[]> {
    const { clients } = await this.#api.json<{ clients: readonly Client[] }>('/v1/clients');
    return clients;
  }
}
