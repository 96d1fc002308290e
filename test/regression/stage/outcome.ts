/** How a request ended: 'ok', or the code of its error. */

import { CaskError } from '../../../src/errors/cask-error.ts';

export async function outcomeOf(request: Promise<unknown>): Promise<string> {
  try {
    await request;
    return 'ok';
  } catch (thrown) {
    return thrown instanceof CaskError ? thrown.code : String(thrown);
  }
}

export function outcomesOf(requests: readonly Promise<unknown>[]): Promise<string[]> {
  return Promise.all(requests.map(outcomeOf));
}
