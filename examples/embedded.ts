/** The store without a daemon, in this process: the same words as the client's. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from 'caskd/store';

const directory = await mkdtemp(join(tmpdir(), 'caskd-embedded-'));
const store = await openStore({ directory, durability: 'always' });

await store.put('note:1', 'it is on disk when this resolves');
await store.batch([
  { type: 'put', key: 'note:2', value: 'two' },
  { type: 'put', key: 'note:3', value: 'three' },
]);
await store.delete('note:2');
for await (const entry of store.range({ prefix: 'note:' })) {
  if ('error' in entry) throw entry.error;
  console.log(entry.key.toString(), '=', entry.value.toString());
}
await store.close();

// a second opening finds everything there
const again = await openStore({ directory });
console.log('after reopening:', (await again.get('note:1'))?.toString());
await again.close();
await rm(directory, { recursive: true });
