/** What every chart of ours needs: an ending for its axis, and text that is safe in an SVG. */

/** To a number whose quarters read well: 1, 2, 4 or 8 times a power of ten. */
export function roundUp(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  for (const factor of [1, 2, 4, 8]) if (value <= factor * power) return factor * power;
  return 10 * power;
}

export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
