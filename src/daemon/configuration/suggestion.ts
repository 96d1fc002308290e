/** What somebody may have meant who wrote a name that there is not. */

/** Longer than any name; keeps the search short. */
const LENGTH_MAX = 64;

/** The nearest of the names, if it is near enough to be meant. */
export function suggestionFor(written: string, names: readonly string[]): string | undefined {
  if (written.length > LENGTH_MAX) return undefined;
  const wanted = written.toLowerCase();
  let nearest: string | undefined;
  // a third of the letters may be wrong, and never more than three
  let least = Math.min(3, Math.floor(wanted.length / 3)) + 1;
  for (const name of names) {
    const distance = editDistance(wanted, name.toLowerCase());
    if (distance < least) {
      least = distance;
      nearest = name;
    }
  }
  return nearest;
}

/** `; did you mean X?`, or nothing. */
export function hintFor(written: string, names: readonly string[]): string {
  const suggestion = suggestionFor(written, names);
  return suggestion === undefined ? '' : `; did you mean ${suggestion}?`;
}

/** Letters to insert, remove, replace or swap with their neighbour (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const differs = a[i - 1] === b[j - 1] ? 0 : 1;
      const changed = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + differs);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(isSwap ? Math.min(changed, at(before, j - 2) + 1) : changed);
    }
    before = last;
    last = row;
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
