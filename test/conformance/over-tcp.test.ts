import { connect } from '../../src/client/index.ts';
import { listen } from '../../src/server/index.ts';
import { createNodeEnvironment } from '../../src/storage/disk/node-environment.ts';
import { openStore } from '../../src/storage/index.ts';
import { scratchDirectories } from '../crash/world/scratch.ts';
import { TestClock } from '../crash/world/test-clock.ts';
import { conformanceSuite } from './conformance-suite.ts';
import { LIMITS, type Operations, type Subject } from './subject.ts';

const newDirectory = scratchDirectories();

async function open(): Promise<Subject> {
  const clock = new TestClock();
  const environment = { ...createNodeEnvironment(), clock };
  const store = await openStore({ ...LIMITS, directory: newDirectory(), environment });
  await store.whenIndexReady();
  const identity = { version: '0', serverId: store.uuid };
  const server = await listen({ store, host: '127.0.0.1', port: 0, identity });
  const { port } = server.address;
  const client = await connect({ host: '127.0.0.1', port });
  return {
    // The client's overloads give pages by encoding; with buffers they are what the cases expect.
    db: client as unknown as Operations,
    pass: (ms) => clock.pass(ms),
    async close() {
      await client.close();
      await server.close();
      await store.close();
    },
  };
}

conformanceSuite('the server and the client', open);
