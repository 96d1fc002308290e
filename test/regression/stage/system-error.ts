/** An error as `node:fs` throws it. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: injected by the test`), { code });
}
