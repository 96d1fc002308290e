import { connect } from '../../src/client/index.ts';
import { listen } from '../../src/server/index.ts';
import { scratchDirectories } from '../crash/world/scratch.ts';
import { conformanceSuite } from './conformance-suite.ts';
import { openSubjectStore } from './open-subject-store.ts';
import type { Operations, Subject } from './subject.ts';

const newDirectory = scratchDirectories();

async function open(): Promise<Subject> {
  const { store, clock } = await openSubjectStore(newDirectory(), false);
  const identity = { version: '0', serverId: store.uuid };
  const server = await listen({ store, host: '127.0.0.1', port: 0, identity });
  const client = await connect({ host: '127.0.0.1', port: server.address.port });
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
