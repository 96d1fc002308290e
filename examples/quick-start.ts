/** A first session through the client: start the daemon (`npm start`), then run this. */

import { connect } from 'caskd';

const { CASKD_URL: url = 'cask://127.0.0.1:7117' } = process.env;
const db = await connect({ url });

// keys and values are bytes; a string stands for its UTF-8 bytes
await db.put('city:berlin', '3,700,000');
await db.put('city:bonn', '340,000', { ifAbsent: true });
const { revision } = await db.put('city:bern', '134,000', { ttlMs: 60_000 });
console.log('get', await db.get('city:berlin', { encoding: 'utf8' }));
console.log('absent', await db.get('city:none'));

// one moment for all of it, or nothing
await db.batch([
  { type: 'put', key: 'city:basel', value: '178,000' },
  { type: 'delete', key: 'city:bern', ifRevision: revision },
]);

// keys in order; pages are fetched as the loop goes on
for await (const entry of db.range({ prefix: 'city:' })) {
  if (entry.error) throw entry.error;
  console.log('range', entry.key.toString(), entry.value.toString(), `version ${entry.version}`);
}

console.log('count', await db.count());
await db.close();
