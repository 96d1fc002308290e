/** How far the merge is that runs, and what it gave back once it is done. */

import { element } from './element.ts';
import { formatBytes, formatPercent } from './format.ts';
import type { MergeFacts } from './stats.ts';

export interface MergeProgress {
  readonly element: HTMLElement;
  show(merge: MergeFacts): void;
}

export function mergeProgress(): MergeProgress {
  const text = element('span', {});
  const bar = element('progress', { 'aria-label': 'Progress of the merge', max: 1, value: 0 });
  const place = element('div', { class: 'stack', hidden: true }, text, bar);
  return {
    element: place,
    show({ state, bytesDone, bytesTotal, paused }) {
      place.hidden = state === 'idle';
      if (state === 'idle') return;
      bar.max = Math.max(1, bytesTotal);
      bar.value = bytesDone;
      const share = formatPercent(bytesDone, bytesTotal);
      const what = state === 'installing' ? 'putting what was copied into place' : 'copying';
      const rest = paused ? ', paused' : '';
      text.textContent = `Merge: ${what}${rest}, ${formatBytes(bytesDone)} of ${formatBytes(bytesTotal)} (${share})`;
    },
  };
}
