/** Random commands for comparing with Redis: few keys, so that they meet, and edges of numbers. */

export type Random = () => number;

/** From 0 to 1; the same seed gives the same numbers. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const KEYS = ['a', 'b', 'c', 'key:1', 'key:2', 'key:10', 'n', 'bin\u0000\r\n', 'tmp'];
const NUMBERS = [
  ...['0', '1', '-1', '5', '10', '100', '3000', '-7', '007', '+1', ' 1', '1 ', '', '-0', 'abc'],
  ...['9223372036854775807', '-9223372036854775808', '9223372036854775806'],
  ...['9223372036854775808', '-9223372036854775809', '99999999999999999999', '9007199254740993'],
  ...['1e3', '1.5', '0x10', '2147483648', '-9007199254740992'],
];
const VALUES = [...NUMBERS, 'hello', 'world \r\n $5\r\n', 'x'.repeat(60), '\u0000\u00ff', '0.25'];
/** With sums that are exact in any base. */
const FLOATS = ['0.25', '-1.5', '3', '1e2', 'abc', '', '10.5', ' 1', '-0'];
/** Gone, or wrong. */
const BAD_TIMES = ['-1', '0', 'abc', '9223372036854775807', '-9223372036854775808'];
const OFFSETS = ['0', '1', '3', '-1', '-3', '100', '-100', 'x', '9223372036854775807'];
const PATTERNS = ['*', 'key:*', 'key:?', '[abc]', '[^abc]*', 'k[e-f]y*', '\\a', 'nope', '*1*', 'n'];
const EXPIRE_FLAGS = ['NX', 'XX', 'GT', 'LT', 'nope'];

export class CommandSource {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  int(below: number): number {
    return Math.floor(this.#random() * below);
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.int(items.length)] as T;
  }

  get #key(): string {
    return this.#pick(KEYS);
  }

  /** Far off, and each far from the others: nothing depends on when the test looks. */
  get #seconds(): string {
    if (this.int(3) === 0) return this.#pick(BAD_TIMES);
    return String(10_000 * (100 + this.int(100_000)));
  }

  get #value(): string {
    return this.#pick(VALUES);
  }

  #some<T>(most: number, make: () => T): T[] {
    return Array.from({ length: 1 + this.int(most) }, make);
  }

  #maybe(words: readonly string[]): readonly string[] {
    return this.int(2) === 0 ? [] : words;
  }

  #setOptions(): string[] {
    const options: string[] = [];
    for (let count = this.int(4); count > 0; count--) {
      options.push(
        ...this.#pick<readonly string[]>([
          ['NX'],
          ['XX'],
          ['GET'],
          ['KEEPTTL'],
          ['EX', this.#seconds],
          ['px', this.#seconds],
          ['EXAT', this.#pick(['4000000000', '0', '-5', 'x'])],
          ['PXAT', this.#pick(['4000000000000', '0', '-5', 'x'])],
          ['bogus'],
          ['EX'],
        ]),
      );
    }
    return options;
  }

  /** A command that may stand between MULTI and EXEC, too. */
  simple(): string[] {
    return this.#pick<() => string[]>([
      () => ['SET', this.#key, this.#value],
      () => ['SET', this.#key, this.#value, ...this.#setOptions()],
      () => ['GET', this.#key],
      () => ['GET', this.#key],
      () => ['SETNX', this.#key, this.#value],
      () => ['SETEX', this.#key, this.#seconds, this.#value],
      () => ['PSETEX', this.#key, this.#seconds, this.#value],
      () => ['GETSET', this.#key, this.#value],
      () => ['GETDEL', this.#key],
      () => ['GETEX', this.#key, ...this.#maybe(['PERSIST'])],
      () => ['GETEX', this.#key, this.#pick(['EX', 'PX', 'nope']), this.#seconds],
      () => ['MGET', ...this.#some(4, () => this.#key)],
      () => ['MSET', ...this.#some(4, () => [this.#key, this.#value]).flat()],
      () => ['MSET', this.#key, this.#value, this.#key],
      () => ['MSETNX', ...this.#some(2, () => [this.#key, this.#value]).flat()],
      () => [this.#pick(['INCR', 'DECR', 'incr']), this.#key],
      () => [this.#pick(['INCRBY', 'DECRBY']), this.#key, this.#pick(NUMBERS)],
      () => ['INCRBYFLOAT', 'f', this.#pick(FLOATS)],
      () => ['APPEND', this.#key, this.#value],
      () => ['STRLEN', this.#key],
      () => [
        this.#pick(['GETRANGE', 'SUBSTR']),
        this.#key,
        this.#pick(OFFSETS),
        this.#pick(OFFSETS),
      ],
      () => ['SETRANGE', this.#key, this.#pick(OFFSETS), this.#value],
      () => [this.#pick(['DEL', 'UNLINK']), ...this.#some(3, () => this.#key)],
      () => [this.#pick(['EXISTS', 'TOUCH']), ...this.#some(4, () => this.#key)],
      () => ['TYPE', this.#key],
      () => [
        this.#pick(['EXPIRE', 'PEXPIRE']),
        this.#key,
        this.#seconds,
        ...this.#maybe(this.#some(2, () => this.#pick(EXPIRE_FLAGS))),
      ],
      () => ['EXPIREAT', this.#key, this.#pick(['4000000000', '4100000000', '1', 'x'])],
      () => ['PEXPIREAT', this.#key, this.#pick(['4000000000000', '1', '-1', 'x'])],
      () => [this.#pick(['TTL', 'PTTL', 'EXPIRETIME', 'PEXPIRETIME']), this.#key],
      () => ['PERSIST', this.#key],
      () => [this.#pick(['RENAME', 'RENAMENX']), this.#key, this.#key],
      () => ['COPY', this.#key, this.#key, ...this.#maybe(['REPLACE'])],
      () => ['ECHO', this.#value],
      () => ['PING', ...this.#maybe([this.#value])],
      () => ['SELECT', this.#pick(['0', '-1', 'x', '99'])],
    ])();
  }

  /** A command that stands alone. */
  #alone(): string[] {
    return this.#pick<() => string[]>([
      () => ['KEYS', this.#pick(PATTERNS)],
      () => ['DBSIZE'],
      () => [
        this.#pick(['FLUSHALL', 'FLUSHDB']),
        ...this.#maybe([this.#pick(['ASYNC', 'SYNC', 'x'])]),
      ],
      () => ['UNWATCH'],
      () => ['EXEC'],
      () => ['DISCARD'],
      () => [
        'SCAN',
        this.#pick(['x', '0']),
        this.#pick(['COUNT', 'bogus']),
        this.#pick(['0', 'x']),
      ],
      () => ['NOPE', this.#value, 'x'.repeat(this.int(150))],
      () => ['GET'],
      () => ['set', this.#key],
      () => ['CLIENT', 'SETNAME', this.#pick(['name', 'a b'])],
      () => ['CLIENT', 'GETNAME'],
      () => ['WAIT', '0', '0'],
      () => ['PING', 'a', 'b'],
      () => ['HELLO', this.#pick(['1', '4', 'x'])],
      () => ['SETRANGE', this.#key, '536870912', 'x'],
    ])();
  }

  /** A key that is made and deleted again has not changed for caskd: one change, or none. */
  #change(): string[] {
    return this.#pick([
      ['SET', this.#key, this.#value],
      ['GET', this.#key],
      ['DEL', this.#key],
      ['APPEND', this.#key, 'x'],
      ['EXPIRE', this.#key, '100000'],
    ]);
  }

  #transaction(): string[][] {
    const queued = this.#some(5, () => (this.int(20) === 0 ? ['GET'] : this.simple()));
    const end = this.int(8) === 0 ? 'DISCARD' : 'EXEC';
    const watched = this.int(3) === 0 ? [['WATCH', this.#key], this.#change()] : [];
    return [...watched, ['MULTI'], ...queued, [end]];
  }

  /** One command, or several that belong together. */
  next(): string[][] {
    const kind = this.int(20);
    if (kind === 0) return this.#transaction();
    return [kind < 3 ? this.#alone() : this.simple()];
  }
}
