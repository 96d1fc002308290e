/** Puts many keys by the protocol of Redis, as fast as the server takes them: `redis-cli --pipe`. */

import { once } from 'node:events';
import { connect } from 'node:net';

const OK_BYTES = '+OK\r\n'.length;
const CHUNK_KEYS = 2000;
/** Unanswered at most: neither side has to keep more. */
const AHEAD_KEYS = 20_000;

/** @throws when a reply is not OK */
export async function fillOverResp(
  port: number,
  keys: number,
  entryOf: (index: number) => { readonly key: string; readonly value: string },
): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  let answeredBytes = 0;
  let wake = (): void => {};
  let failure: Error | undefined;
  socket.on('data', (chunk: Buffer) => {
    if (chunk.includes('-')) failure ??= new Error(`filling failed: ${chunk.subarray(0, 200)}`);
    answeredBytes += chunk.length;
    wake();
  });
  const fail = (cause?: unknown): void => {
    failure ??= new Error(`the connection ended after ${answeredBytes / OK_BYTES} keys`, { cause });
    wake();
  };
  socket.on('error', fail);
  socket.on('close', () => fail());
  const until = async (count: number): Promise<void> => {
    while (answeredBytes < count * OK_BYTES) {
      if (failure !== undefined) throw failure;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  for (let start = 0; start < keys; start += CHUNK_KEYS) {
    const end = Math.min(keys, start + CHUNK_KEYS);
    let text = '';
    for (let index = start; index < end; index += 1) {
      const { key, value } = entryOf(index);
      text += `*3\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n$${value.length}\r\n${value}\r\n`;
    }
    socket.write(text, 'latin1');
    await until(end - AHEAD_KEYS);
  }
  await until(keys);
  socket.destroy();
}
