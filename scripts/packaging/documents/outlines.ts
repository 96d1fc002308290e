/** What both programs take, for pages and completion. */

import { commandLineParser } from '../../../src/daemon/configuration/command-line.ts';
import { SETTING_NAMES, settingNamed } from '../../../src/daemon/configuration/schema.ts';
import type { Setting } from '../../../src/daemon/configuration/setting.ts';
import { flagOf } from '../../../src/daemon/configuration/setting-names.ts';
import {
  type FlagOutline,
  outlineOf,
  type ProgramOutline,
} from '../../../src/shell/completion/program-outline.ts';
import { buildProgram } from '../../../src/shell/program.ts';
import { targetOptions } from '../../../src/shell/server-target.ts';

export function caskctlOutline(): ProgramOutline {
  const nothingRuns = (): never => {
    throw new Error('the parser is only looked at');
  };
  const options = { io: { ...process, env: {} }, globals: targetOptions({}) };
  const stubs = { shellFor: nothingRuns, withoutCommand: nothingRuns };
  return outlineOf(buildProgram({ ...options, ...stubs }, nothingRuns));
}

/** With what the schema knows of values: the parser itself takes any. */
export function caskdOutline(): ProgramOutline {
  const outline = outlineOf(commandLineParser());
  const names = new Map(SETTING_NAMES.map((name) => [flagOf(name), name]));
  const flags = outline.flags.map((flag) => {
    const name = names.get(flag.name);
    return name === undefined ? flag : { ...flag, ...valueOfSetting(settingNamed(name)) };
  });
  return { ...outline, flags };
}

function valueOfSetting(setting: Setting): Partial<Pick<FlagOutline, 'value' | 'choices'>> {
  const { enum: choices } = setting.schema as { enum?: readonly string[] };
  if (typeof setting.default !== 'boolean') return { choices };
  // a switch that is off needs no word to be switched on
  return setting.default ? { choices: ['true', 'false'] } : { value: undefined };
}
