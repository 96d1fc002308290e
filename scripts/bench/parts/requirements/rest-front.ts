/** REST, over one connection that is kept. */

import { execFile } from 'node:child_process';
import { Agent, request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Front } from './front.ts';

const LOAD = fileURLToPath(new URL('../../load/http-load.ts', import.meta.url));
const JSON_TYPE = 'application/json';

interface Page {
  readonly count: number;
  readonly next_cursor: string | null;
}

export function openRestFront(url: string): Front {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const ask = (method: string, path: string, body?: string, type = JSON_TYPE): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      const headers = body === undefined ? {} : { 'content-type': type };
      const asked = request(`${url}${path}`, { agent, method, headers }, (reply) => {
        const chunks: Buffer[] = [];
        reply.on('data', (chunk: Buffer) => chunks.push(chunk));
        reply.on('end', () => {
          const text = Buffer.concat(chunks);
          if ((reply.statusCode ?? 500) < 300) resolve(text);
          else reject(new Error(`${method} ${path}: ${text}`));
        });
      });
      asked.on('error', reject);
      asked.end(body);
    });
  const pathOf = (key: string) => `/v1/kv/${encodeURIComponent(key)}`;
  return {
    name: 'REST',
    get: async (key) => {
      await ask('GET', pathOf(key));
    },
    put: async (key, value) => {
      await ask('PUT', pathOf(key), value, 'text/plain');
    },
    batch: async (items) => {
      await ask('POST', '/v1/kv:batch', JSON.stringify({ items }));
    },
    page: async (prefix, limit, cursor) => {
      const from = cursor === undefined ? '' : `&cursor=${cursor}`;
      const path = `/v1/kv?prefix=${encodeURIComponent(prefix)}&limit=${limit}${from}`;
      const page = JSON.parse((await ask('GET', path)).toString()) as Page;
      return { count: page.count, cursor: page.next_cursor ?? undefined };
    },
    readRate: async (key, connections, ms) => {
      const args = [LOAD, new URL(url).port, pathOf(key), String(connections), String(ms)];
      const { stdout } = await promisify(execFile)(process.execPath, args);
      return Number(stdout.split(' ')[0]);
    },
    close: async () => agent.destroy(),
  };
}
