/** Figures for people. */

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;
const STEP = 1024;

/** `1.4 MiB` */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= STEP && unit < UNITS.length - 1) {
    value /= STEP;
    unit += 1;
  }
  return `${unit === 0 ? Math.round(value) : digits(value)} ${UNITS[unit]}`;
}

/** `12,345`; fractions of small numbers only. */
export function formatCount(value: number): string {
  const rounded = Math.abs(value) >= 10 ? Math.round(value) : Math.round(value * 10) / 10;
  return rounded.toLocaleString('en');
}

export function formatPercent(part: number, whole: number): string {
  if (whole <= 0) return '–';
  const percent = (part / whole) * 100;
  return percent > 0 && percent < 0.1 ? '< 0.1 %' : `${Math.round(percent * 10) / 10} %`;
}

/** `0.12 ms`, `1.5 s`, `3 min`, `2.1 h`, `4 d` */
export function formatMs(ms: number): string {
  if (ms < 1000) return `${ms < 1 ? Math.round(ms * 1000) / 1000 : digits(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 120) return `${digits(seconds)} s`;
  if (seconds < 7200) return `${digits(seconds / 60)} min`;
  if (seconds < 172_800) return `${digits(seconds / 3600)} h`;
  return `${digits(seconds / 86_400)} d`;
}

/** Three digits that count. */
function digits(value: number): string {
  if (value >= 100) return String(Math.round(value));
  return String(Number(value.toPrecision(3)));
}

export function formatTime(at: number | string): string {
  return new Date(at).toLocaleString(undefined, { hour12: false });
}
