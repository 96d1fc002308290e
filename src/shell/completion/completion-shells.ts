/** The shells that there is completion for. */

import { bashCompletion } from './bash-completion.ts';
import { fishCompletion } from './fish-completion.ts';
import type { ProgramOutline } from './program-outline.ts';
import { zshCompletion } from './zsh-completion.ts';

export const COMPLETION_SHELLS: Readonly<Record<string, (program: ProgramOutline) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};
