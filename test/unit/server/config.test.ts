/** CONFIG over a socket, on a configuration as the daemon has it. */

import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  configurationInputs,
  loadConfiguration,
} from '../../../src/daemon/configuration/configuration.ts';
import { RunningConfiguration } from '../../../src/daemon/configuration/running-configuration.ts';
import { SETTING_NAMES } from '../../../src/daemon/configuration/schema.ts';
import { errorCodeOfNumber } from '../../../src/errors/error-codes.ts';
import { type CaskServer, listen, type ServedConfiguration } from '../../../src/server/index.ts';
import { MemoryStore } from './memory-store.ts';
import { WireClient } from './wire-client.ts';

const CONFIG = 19;

let store: MemoryStore;
let server: CaskServer;
let client: WireClient;

async function start(configuration: ServedConfiguration | undefined): Promise<void> {
  store = new MemoryStore();
  const identity = { version: '1', serverId: 'abc' };
  server = await listen({ store, host: '127.0.0.1', port: 0, identity, configuration });
  client = await WireClient.greeted(server.address.port);
}

beforeEach(async () => {
  const inputs = configurationInputs(['', '', '--max-in-flight', '9'], {}, 2 ** 30);
  const log = pino({ enabled: false });
  const running = new RunningConfiguration(inputs, loadConfiguration(inputs), log);
  await start(running);
  running.attach({ store, server });
});

afterEach(async () => {
  await client.close();
  await server.close();
});

test('get: one setting, or all', async () => {
  const facts = {
    name: 'maxInFlight',
    value: 9,
    text: '9',
    origin: 'flag',
    place: '--max-in-flight',
    default: '4096',
    allowed: '1 to 1000000',
    reloadable: true,
    section: 'Connections',
  };
  expect(await client.ask(2, CONFIG, 'get', 'maxInFlight')).toEqual([2, 0, [facts]]);
  const [, , all] = await client.ask(3, CONFIG, 'get');
  const names = (all as { name: string }[]).map(({ name }) => name);
  expect(names.toSorted()).toEqual(SETTING_NAMES.toSorted());
  expect(await client.ask(4, CONFIG, 'get', null)).toEqual([4, 0, all]);
});

test('set: comes into effect at once', async () => {
  const [, , facts] = await client.ask(2, CONFIG, 'set', 'maxConnections', '5');
  expect(facts).toMatchObject({ name: 'maxConnections', value: 5, origin: 'command' });
  expect(server.limits.maxConnections).toBe(5);
  await client.ask(3, CONFIG, 'set', 'cacheBytes', '3m');
  expect(store.changes).toEqual([{ cacheBytes: 3 * 1024 ** 2, merge: {} }]);
});

test.each([
  ['set', 'maxConnections', '0'],
  ['set', 'segmentBytes', '1m'],
  ['set', 'nonsense', '1'],
  ['get', 'nonsense'],
])('%s %s %s is refused', async (...args) => {
  const [id, code] = await client.ask(2, CONFIG, ...args);
  expect([id, errorCodeOfNumber(Number(code))]).toEqual([2, 'INVALID_OPTION']);
  expect(server.limits.maxConnections).toBe(1000);
});

test('without a configuration it is not supported', async () => {
  await client.close();
  await server.close();
  await start(undefined);
  const [, code] = await client.ask(2, CONFIG, 'get');
  expect(errorCodeOfNumber(Number(code))).toBe('UNSUPPORTED');
});
