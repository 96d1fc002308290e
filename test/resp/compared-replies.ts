/** Replies of Redis and of caskd to the same command, made comparable. */

const TIMES: ReadonlySet<string> = new Set(['ttl', 'pttl']);
/** Both sides were asked within that. */
const CLOSE_MS = 60_000;

/** Are they the same, as far as they can be? */
export function isSameReply(
  command: readonly string[],
  redis: string | undefined,
  caskd: string | undefined,
): boolean {
  if (redis === caskd) return true;
  if (redis === undefined || caskd === undefined) return false;
  const name = command[0]?.toLowerCase() ?? '';
  if (name === 'keys') return sortedLines(redis) === sortedLines(caskd);
  if (TIMES.has(name) || name.startsWith('pexpiretime') || name.startsWith('expiretime')) {
    return areClose(redis, caskd, name.startsWith('p') ? 1 : 1000);
  }
  // within a transaction such times stand among other replies
  if (name === 'exec') return areCloseLines(redis.split('\r\n'), caskd.split('\r\n'));
  return false;
}

function areCloseLines(redis: readonly string[], caskd: readonly string[]): boolean {
  return (
    redis.length === caskd.length &&
    redis.every((line, index) => line === caskd[index] || areClose(line, caskd[index] ?? '', 1))
  );
}

function areClose(redis: string, caskd: string, unitMs: number): boolean {
  const [left, right] = [redis, caskd].map((text) =>
    Number(/^:(\d{3,})(?:\r\n)?$/.exec(text)?.[1]),
  );
  return Math.abs((left as number) - (right as number)) * unitMs < CLOSE_MS;
}

function sortedLines(reply: string): string {
  return reply.split('\r\n').sort().join('\r\n');
}
