import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { edited, sourcePath } from './mutation.ts';
import { MUTATIONS } from './mutations.ts';

/** Told within a second, not when the mutation's turn comes. */
test('every mutation finds the place that it changes', () => {
  for (const { name, edits } of MUTATIONS) {
    for (const edit of edits) {
      expect(() => edited(readFileSync(sourcePath(edit.file), 'utf8'), edit), name).not.toThrow();
    }
  }
});
