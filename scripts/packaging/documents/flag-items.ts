/** Flags and arguments of a program as items of a manual page. */

import {
  type ArgumentOutline,
  type FlagOutline,
  namesOfFlag,
} from '../../../src/shell/completion/program-outline.ts';
import { bold, italic, item, marked, plain } from './roff.ts';

/** `-x, --stdin`, or `--ttl-ms MS` with the placeholder in italics. */
export function flagTerm(flag: FlagOutline): string {
  const names = namesOfFlag(flag).map(bold).join(', ');
  return flag.value === undefined ? names : `${names} ${italic(flag.value)}`;
}

export function flagItem(flag: FlagOutline): string[] {
  return item(flagTerm(flag), marked(flag.summary));
}

export function argumentTerm({ name, isRequired, isRest }: ArgumentOutline): string {
  const term = `${italic(name)}${isRest ? ' ...' : ''}`;
  return isRequired ? term : `[${term}]`;
}

export function argumentItem(argument: ArgumentOutline): string[] {
  const { name, summary, choices } = argument;
  const allowed = choices === undefined ? '' : plain(`: ${choices.join(', ')}`);
  return item(italic(name), `${marked(summary)}${allowed}`);
}
