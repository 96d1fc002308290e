/** Completion for bash 4 and newer. */

import {
  type CommandOutline,
  candidatesFor,
  type FlagOutline,
  namesOfFlag,
  type ProgramOutline,
} from './program-outline.ts';

/** A script to be sourced, or put where bash-completion looks for it. */
export function bashCompletion(program: ProgramOutline): string {
  const { name, commands, flags } = program;
  const own = commands.length > 0 ? commands : [{ ...program, name: '', flags: [] }];
  const isCommand = `      ,*) command=\${COMP_WORDS[index]} ;;\n`;
  const takesCommand = commands.length > 0 ? isCommand : '';
  const all = own.map((command) => ({ ...command, flags: [...command.flags, ...flags] }));
  return `# bash completion for ${name}

_${name}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]}
  local command= position=0 index
  COMPREPLY=()

  # the command, and how many of its arguments are there
  for ((index = 1; index < COMP_CWORD; index++)); do
    case $command,\${COMP_WORDS[index]} in
      ${valuedFlags(all, flags)}) index=$((index + 1)) ;;
      *,-*) ;;
${takesCommand}      *) position=$((position + 1)) ;;
    esac
  done

  case $command,$previous in
${flagValues(all, flags)}
  esac

  if [[ $current == -* ]]; then
    case $command in
${all.map((command) => `      ${pattern(command)}) ${words(flagNames(command.flags))} ;;`).join('\n')}
      *) ${words(flagNames(flags))} ;;
    esac
    return
  fi

  case $command,$position in
${commands.length > 0 ? `    ,*) ${words(commands.map((command) => command.name))} ;;\n` : ''}${argumentValues(all)}
    *) ;;
  esac
}

complete -F _${name} ${name}
`;
}

function pattern({ name }: CommandOutline): string {
  return name === '' ? "''" : name;
}

function flagNames(flags: readonly FlagOutline[]): string[] {
  return flags.flatMap(namesOfFlag);
}

function words(candidates: readonly string[]): string {
  return `mapfile -t COMPREPLY < <(compgen -W '${candidates.join(' ')}' -- "$current")`;
}

const PATHS = 'compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current")';

/** `COMMAND,FLAG` for each flag with a value, as patterns of a case; for those of all, `*,FLAG`. */
function valued(
  commands: readonly CommandOutline[],
  common: readonly FlagOutline[],
): { readonly flag: FlagOutline; readonly patterns: readonly string[] }[] {
  const scopes = [...commands, { name: '*', flags: common }];
  return scopes.flatMap(({ name, flags }) =>
    flags
      .filter((flag) => flag.value !== undefined && (name === '*' || !common.includes(flag)))
      .map((flag) => ({ flag, patterns: namesOfFlag(flag).map((given) => `${name},${given}`) })),
  );
}

function valuedFlags(commands: readonly CommandOutline[], common: readonly FlagOutline[]): string {
  const patterns = valued(commands, common).flatMap((one) => one.patterns);
  return patterns.join(' | \\\n        ');
}

function flagValues(commands: readonly CommandOutline[], common: readonly FlagOutline[]): string {
  const lines = valued(commands, common).map(({ flag, patterns }) => {
    const action = actionFor(flag.value ?? '', flag.choices);
    return `    ${patterns.join(' | ')}) ${action}${action === '' ? '' : '; '}return ;;`;
  });
  return lines.join('\n');
}

function argumentValues(commands: readonly CommandOutline[]): string {
  const lines = commands.flatMap(({ name, args }) =>
    args.map((argument, index) => {
      const action = actionFor(argument.name, argument.choices);
      return action === '' ? [] : [`    ${name},${argument.isRest ? '*' : index}) ${action} ;;`];
    }),
  );
  return lines.flat().join('\n');
}

function actionFor(name: string, choices: readonly string[] | undefined): string {
  const candidates = candidatesFor({ name, choices });
  if (candidates === 'unknown') return '';
  return candidates === 'paths' ? PATHS : words(candidates);
}
