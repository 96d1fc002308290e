/** Commands of the protocol of Redis, as arrays of bulk strings and as lines that somebody typed. */

import { CaskError } from '../../../src/errors/cask-error.ts';
import { RespParser } from '../../../src/resp/resp-parser.ts';
import { chopped, type FuzzTarget, mustHold } from '../fuzz-target.ts';

/** Small, so that it is met. */
const COMMAND_BYTES_MAX = 1024 * 1024;
/** What the parser may take before anything has come. */
const FIRST_ALLOCATION_BYTES = 64 * 1024;

function command(...words: readonly (string | Buffer)[]): Buffer {
  const parts: Buffer[] = [Buffer.from(`*${words.length}\r\n`)];
  for (const word of words) {
    const bytes = Buffer.from(word);
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'));
  }
  return Buffer.concat(parts);
}

const SEEDS: readonly Buffer[] = [
  command('GET', 'key'),
  command('SET', 'fuzz/key', Buffer.from([0, 13, 10, 36, 42, 255])),
  command('SET', 'key', Buffer.alloc(3000, 7), 'EX', '100', 'NX'),
  command('MSET', 'a', '', 'b', '2', 'c', '$3\r\nabc\r\n'),
  command('HELLO', '3', 'AUTH', 'user', 'password', 'SETNAME', 'fuzz'),
  command('MULTI'),
  command(),
  Buffer.from('*-1\r\n*0\r\n\r\n'),
  Buffer.from('*3\r\n$3\r\nSET\r\n$-1\r\n'),
  Buffer.from('*1000000000\r\n$1\r\na\r\n'),
  Buffer.from('*2\r\n$3\r\nGET\r\n$999999999999\r\n'),
  Buffer.from('*2\r\n$3\r\nGET\r\n:5\r\n'),
  Buffer.from("PING\r\nSET key \"a \\x00\\\"b\\n\" 'c\\'d'\nGET 'unbalanced\r\n"),
  Buffer.concat([command('SET', 'k', Buffer.alloc(70_000, 3)), command('GET', 'k')]),
  Buffer.concat(Array.from({ length: 40 }, (_, n) => command('INCRBY', `counter:${n}`, String(n)))),
];

/** The words of the command that was found, all of which must lie in its buffer. */
function wordsOf({ words, buffer, start, end }: RespParser): string {
  mustHold(start <= end && end <= buffer.length, 'a command lies in its buffer');
  const shown: string[] = [];
  for (let index = 0; index < words.count; index += 1) {
    const last = words.start(index) + words.bytes(index);
    mustHold(last <= words.buffer.length, 'a word lies in its buffer');
    shown.push(words.word(index).toString('base64'));
  }
  return shown.join(' ');
}

function outcomeOf(chunks: readonly Buffer[], isStranger: boolean): string {
  const parser = new RespParser(COMMAND_BYTES_MAX);
  parser.isStranger = isStranger;
  const seen: string[] = [];
  let pushed = 0;
  for (const chunk of chunks) {
    pushed += chunk.length;
    parser.push(Buffer.from(chunk));
    try {
      while (parser.next()) {
        mustHold(parser.words.count > 0, 'a command has a name');
        seen.push(wordsOf(parser));
      }
    } catch (thrown) {
      if (!(thrown instanceof CaskError) || thrown.code !== 'BAD_FRAME') throw thrown;
      return [...seen, thrown.code].join('; ');
    }
    mustHold(parser.filledBytes <= pushed, 'what is held has come');
  }
  return [...seen, parser.midFrame ? 'mid-command' : 'complete'].join('; ');
}

export const respCommands: FuzzTarget = {
  name: 'resp-commands',
  seeds: SEEDS,
  codes: [],
  allocationMax: (bytes) => Math.max(FIRST_ALLOCATION_BYTES, 2 * bytes) + 4096,
  outcome: (chunks) => outcomeOf(chunks, false),
  feed: (bytes, random) => {
    const isStranger = random.between(0, 3) === 0;
    const whole = outcomeOf([bytes], isStranger);
    const cut = outcomeOf(chopped(bytes, random), isStranger);
    mustHold(cut === whole, 'cutting it changes nothing');
    return whole.split('; ').at(-1) ?? '';
  },
};
