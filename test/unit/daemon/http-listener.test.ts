/** What a port that is taken means, asked for or not. */

import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Origin } from '../../../src/daemon/configuration/configuration.ts';
import { startHttp } from '../../../src/daemon/http-listener.ts';
import type { Logger } from '../../../src/daemon/logging.ts';
import { HostMonitor } from '../../../src/host/host-monitor.ts';
import type { HttpServer } from '../../../src/http/index.ts';
import { load } from './configuration/load.ts';

const host = new HostMonitor();
let other: Server;
let taken: string;

beforeAll(async () => {
  other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const address = other.address();
  taken = typeof address === 'object' ? `127.0.0.1:${address?.port}` : '';
});

afterAll(() => {
  other.close();
  host.stop();
});

/** Starts it at an address that has this origin. */
async function start(
  http: string,
  origin: Origin,
): Promise<{ server: HttpServer | undefined; events: string[] }> {
  const { values, warnings } = load([]);
  const sources = new Map(
    origin === 'default' ? [] : [['http', { origin, place: '--http' }] as const],
  );
  const events: string[] = [];
  const note = (_facts: object, event: string): void => void events.push(event);
  const log = { info: note, warn: note } as unknown as Logger;
  const readiness = () => ({ ready: true, reasons: [], warnings: [] });
  const server = await startHttp(
    { values: { ...values, http }, sources, warnings },
    { version: '1', host, logLines: {}, readiness },
    { authenticator: undefined, tls: undefined },
    log,
  );
  return { server, events };
}

test('a free port', async () => {
  const { server, events } = await start('127.0.0.1:0', 'flag');
  expect(server?.address.port).toBeGreaterThan(0);
  expect(events).toEqual(['http-ready']);
  await server?.close(0);
});

test('off', async () => {
  expect(await start('off', 'flag')).toEqual({ server: undefined, events: [] });
});

test('taken, and nobody asked for it: goes on without', async () => {
  expect(await start(taken, 'default')).toEqual({ server: undefined, events: ['http-port-taken'] });
});

test('taken, and asked for: refused', async () => {
  await expect(start(taken, 'file')).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

test('another problem with the default is no clash', async () => {
  await expect(start('192.0.2.1:1', 'default')).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
});
