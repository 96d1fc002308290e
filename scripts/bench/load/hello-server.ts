/** What HTTP costs by itself: fastify with one route that says the same each time. */

import { fastify } from 'fastify';

const VALUE_BYTES = 100;

const app = fastify();
const value = 'v'.repeat(VALUE_BYTES);
app.get('/hello', (_request, reply) => reply.type('application/octet-stream').send(value));
console.log(await app.listen({ host: '127.0.0.1', port: 0 }));
process.on('SIGTERM', () => void app.close());
