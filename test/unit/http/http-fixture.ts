/** An HTTP listener on a free port, over a store in memory and a real server. */

import { HostMonitor } from '../../../src/host/host-monitor.ts';
import {
  type HttpSecurity,
  type HttpServer,
  type HttpSettings,
  openHttp,
  type Readiness,
} from '../../../src/http/index.ts';
import { type CaskServer, listen } from '../../../src/server/index.ts';
import { MemoryStore } from '../server/memory-store.ts';

export const READY: Readiness = { ready: true, reasons: [], warnings: [] };

export interface HttpFixture extends AsyncDisposable {
  readonly http: HttpServer;
  readonly server: CaskServer;
  readonly store: MemoryStore;
  /** Names of the events logged. */
  readonly events: string[];
  /** What /readyz is to say. */
  readiness: Readiness;
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
}

export interface FixtureOptions extends Partial<HttpSettings> {
  readonly security?: HttpSecurity;
}

/** Nobody is asked, in the clear. */
export const NO_SECURITY: HttpSecurity = { authenticator: undefined, tls: undefined };

export async function openFixture({
  security = NO_SECURITY,
  ...settings
}: FixtureOptions = {}): Promise<HttpFixture> {
  const store = new MemoryStore();
  const host = new HostMonitor();
  await host.sample();
  const place = { host: '127.0.0.1', port: 0 };
  const events: string[] = [];
  const http = await openHttp({
    ...place,
    settings: { maxConnections: 10, ...settings },
    security,
    sources: { version: '1.2.3', host, logLines: {}, readiness: () => fixture.readiness },
    log: (_level, event) => events.push(event),
  });
  const identity = { version: '1.2.3', serverId: store.uuid };
  const server = await listen({ store, ...place, identity, hostFigures: host });
  const fixture: HttpFixture = {
    http,
    server,
    store,
    events,
    readiness: READY,
    url: `http${security.tls === undefined ? '' : 's'}://127.0.0.1:${http.address.port}`,
    async [Symbol.asyncDispose]() {
      await http.close(0);
      await server.close();
      host.stop();
    },
  };
  return fixture;
}
