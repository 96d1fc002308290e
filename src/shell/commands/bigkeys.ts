/** bigkeys: which keys and values are the largest, and how sizes are spread. */

import { CaskError } from '../../errors/cask-error.ts';
import { formatBytes } from '../escapes.ts';
import { EXIT_INTERRUPTED, EXIT_OK } from '../exit-codes.ts';
import { complain } from '../failure.ts';
import { jsonBytes } from '../json-bytes.ts';
import { walkPages } from '../page-walk.ts';
import { ProgressBar } from '../progress.ts';
import { formatByteCount, formatCount } from '../quantity.ts';
import { isCancelled, pause } from '../repetition.ts';
import { columnsOf, write } from '../shell-io.ts';
import { type SizedKey, SizeSurvey } from '../size-survey.ts';
import { renderSections, type Section } from '../stats/section.ts';
import { percent } from '../stats/store-sections.ts';
import { clip } from '../table.ts';
import type { CommandSpec, Invocation } from './command.ts';

const TOP_DEFAULT = 10;
const KEYS_PER_SECOND_DEFAULT = 100_000;
/** Of a terminal's width, for a key in a table. */
const KEY_SHARE = 0.6;

export const bigkeys: CommandSpec = {
  name: 'bigkeys',
  summary: 'walk over all keys and report the largest keys and values',
  args: [],
  flags: [
    { flags: '--prefix <bytes>', kind: 'bytes', summary: 'keys that begin with this' },
    { flags: '--top <n>', kind: 'count', summary: `how many are listed (${TOP_DEFAULT})` },
    {
      flags: '--rate <keys>',
      kind: 'count',
      summary: `at most so many keys a second (${formatCount(KEYS_PER_SECOND_DEFAULT)})`,
    },
  ],
  notes:
    'Reads no values: the server knows their lengths. Every key that is there all the time is\n' +
    'counted once. Ctrl-C ends it with what was seen so far, and exit code 130.',
  heedsInterrupt: () => true,

  async run(invocation) {
    const { shell, flags } = invocation;
    const survey = new SizeSurvey(flags.number('top') ?? TOP_DEFAULT);
    const isComplete = await walk(invocation, survey);
    await report(invocation, survey);
    if (isComplete) return EXIT_OK;
    const seen = `only ${formatCount(survey.keys)} keys were seen`;
    complain(shell.io, 'INTERRUPTED', seen);
    return EXIT_INTERRUPTED;
  },
};

/** @returns false: Ctrl-C came before the end */
async function walk({ shell, flags }: Invocation, survey: SizeSurvey): Promise<boolean> {
  const rate = flags.number('rate') ?? KEYS_PER_SECOND_DEFAULT;
  const prefix = flags.bytes('prefix');
  const range = { keysOnly: true, ...(prefix === undefined ? {} : { prefix }) };
  const bar = new ProgressBar(shell.io.stderr, { unit: 'keys', bytesTotal: undefined });
  try {
    for await (const { entries } of walkPages(shell, range, Number.POSITIVE_INFINITY)) {
      for (const { key, valueBytes } of entries) {
        if (valueBytes === undefined) throw tooOld();
        survey.add(key, valueBytes);
      }
      bar.update(survey.keys, 0);
      const aheadMs = (survey.keys / rate) * 1000 - bar.elapsedMs();
      if (aheadMs > 1 && !(await pause(aheadMs / 1000, shell.signal))) return false;
    }
    return true;
  } catch (thrown) {
    if (isCancelled(thrown, shell.signal)) return false;
    throw thrown;
  } finally {
    bar.clear();
  }
}

function tooOld(): CaskError {
  const message = 'this server does not tell how long values are; it is older than caskctl';
  return new CaskError('UNSUPPORTED', message);
}

async function report({ shell, format }: Invocation, survey: SizeSurvey): Promise<void> {
  const { stdout } = shell.io;
  if (format === 'json') {
    await write(stdout, `${JSON.stringify(factsOf(survey))}\n`);
    return;
  }
  const width = Math.floor(columnsOf(stdout) * KEY_SHARE);
  const sections = [
    totals(survey),
    { ...ranking(survey.largestValues, width), title: 'Largest values' },
    { ...ranking(survey.longestKeys, width), title: 'Longest keys' },
    histogram(survey),
  ];
  await write(stdout, renderSections(sections, stdout));
}

function factsOf(survey: SizeSurvey): object {
  const { keys, keyBytes, valueBytes } = survey;
  const listed = ({ key, ...sizes }: SizedKey): object => ({ ...jsonBytes('key', key), ...sizes });
  return {
    keys,
    keyBytes,
    valueBytes,
    largestValues: survey.largestValues.map(listed),
    longestKeys: survey.longestKeys.map(listed),
    histogram: survey.histogram(),
  };
}

function totals({ keys, keyBytes, valueBytes }: SizeSurvey): Section {
  const mean = (bytes: number): string =>
    keys === 0 ? '-' : `${formatByteCount(Math.round(bytes / keys))} on average`;
  return {
    title: 'Keys and values',
    rows: [
      ['keys', formatCount(keys), ''],
      ['bytes of keys', formatByteCount(keyBytes), mean(keyBytes)],
      ['bytes of values', formatByteCount(valueBytes), mean(valueBytes)],
    ],
  };
}

function ranking(entries: readonly SizedKey[], width: number): Omit<Section, 'title'> {
  return {
    head: ['key', 'key bytes', 'value bytes'],
    rows: entries.map(({ key, keyBytes, valueBytes }) => [
      clip(formatBytes(key), width),
      formatCount(keyBytes),
      formatCount(valueBytes),
    ]),
  };
}

function histogram(survey: SizeSurvey): Section {
  return {
    title: 'Sizes of values',
    head: ['', 'values', 'share', 'bytes', 'share'],
    rows: survey
      .histogram()
      .map(({ below, count, bytes }) => [
        below === 1 ? 'empty' : `below ${formatByteCount(below)}`,
        formatCount(count),
        percent(count / survey.keys),
        formatByteCount(bytes),
        percent(survey.valueBytes === 0 ? 0 : bytes / survey.valueBytes),
      ]),
  };
}
