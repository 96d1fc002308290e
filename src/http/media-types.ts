/** What a client wants of what there is, by its Accept header (RFC 9110, 12.5.1). */

export interface MediaRange {
  readonly type: string;
  readonly weight: number;
}

export function mediaRanges(header: string | undefined): MediaRange[] {
  return (header ?? '').split(',').map(parseRange);
}

/** The weight of the heaviest range that names one of these; 0: none does. */
export function weightOf(ranges: readonly MediaRange[], ...types: string[]): number {
  const weights = ranges.filter(({ type }) => types.includes(type)).map(({ weight }) => weight);
  return Math.max(0, ...weights);
}

/**
 * JSON, rather than bytes. A browser that someone looks at gets JSON, which it can show.
 * @param otherwise for who does not mind
 */
export function wantsJson(accept: string | undefined, otherwise: boolean): boolean {
  if (accept === undefined || accept === '*/*') return otherwise;
  if (accept === 'application/json') return true;
  const ranges = mediaRanges(accept);
  const json = weightOf(ranges, 'application/json', 'application/*');
  const bytes = weightOf(ranges, 'application/octet-stream', 'text/plain');
  if (json > 0 || bytes > 0) return json >= bytes;
  return otherwise || weightOf(ranges, 'text/html') > 0;
}

export function wantsLines(accept: string | undefined): boolean {
  if (accept === undefined || accept === '*/*') return false;
  const ranges = mediaRanges(accept);
  const lines = weightOf(ranges, 'application/x-ndjson', 'application/ndjson');
  return lines > 0 && lines >= weightOf(ranges, 'application/json');
}

function parseRange(text: string): MediaRange {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const quality = parameters.find((parameter) => parameter.startsWith('q='));
  const weight = quality === undefined ? 1 : Number(quality.slice(2));
  return { type, weight: Number.isNaN(weight) ? 0 : weight };
}
