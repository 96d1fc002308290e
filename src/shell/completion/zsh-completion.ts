/** Completion for zsh 5 and newer. */

import {
  type ArgumentOutline,
  type CommandOutline,
  candidatesFor,
  type FlagOutline,
  type ProgramOutline,
} from './program-outline.ts';

/** A function to be put on the fpath as `_NAME`, or to be sourced once compinit has run. */
export function zshCompletion(program: ProgramOutline): string {
  const { name, commands, args, flags } = program;
  const body =
    commands.length > 0
      ? withCommands(commands, flags)
      : `  _arguments -S \\\n${specs(flags, args, '    ')}`;
  return `#compdef ${name}
# zsh completion for ${name}

_${name}() {
${body}
}

if [[ $funcstack[1] == _${name} ]]; then
  _${name} "$@"
else
  compdef _${name} ${name}
fi
`;
}

function withCommands(commands: readonly CommandOutline[], common: readonly FlagOutline[]): string {
  const names = commands.map(({ name, summary }) => `    ${described(name, summary)}`);
  const cases = commands.map(({ name, args, flags }) => {
    const lines = specs([...flags, ...common], args, '            ');
    return `        (${name})\n          _arguments -S \\\n${lines}\n          ;;`;
  });
  return `  local curcontext=$curcontext state line
  typeset -A opt_args
  local -a commands=(
${names.join('\n')}
  )
  _arguments -C -S \\
${specs(common, [], '    ')} \\
    '1:command:->command' \\
    '*::argument:->argument' && return
  case $state in
    (command) _describe -t commands command commands ;;
    (argument)
      case $words[1] in
${cases.join('\n')}
      esac
      ;;
  esac`;
}

function described(name: string, summary: string): string {
  return quoted(`${name}:${summary.replaceAll(':', '\\:')}`);
}

/** The lines of a call of `_arguments`. */
function specs(
  flags: readonly FlagOutline[],
  args: readonly ArgumentOutline[],
  indent: string,
): string {
  const lines = [...flags.map(flagSpec), ...args.map(argumentSpec)];
  return lines.map((line) => `${indent}${line}`).join(' \\\n');
}

/** `'(-x --stdin)'{-x,--stdin}'[the value is what standard input holds]'` */
function flagSpec({ name, short, value, choices, summary }: FlagOutline): string {
  const explained = `[${escaped(summary)}]`;
  const taken = value === undefined ? '' : `:${value}:${actionFor(value, choices)}`;
  if (short === undefined) return quoted(`${name}${explained}${taken}`);
  return `'(${short} ${name})'{${short},${name}}${quoted(`${explained}${taken}`)}`;
}

function argumentSpec(argument: ArgumentOutline): string {
  const { name, isRequired, isRest, choices } = argument;
  const head = isRest ? '*' : isRequired ? '' : ':';
  return quoted(`${head}:${name}:${actionFor(name, choices)}`);
}

function actionFor(name: string, choices: readonly string[] | undefined): string {
  const candidates = candidatesFor({ name, choices });
  if (candidates === 'unknown') return ' ';
  return candidates === 'paths' ? '_files' : `(${candidates.join(' ')})`;
}

function escaped(text: string): string {
  return text.replace(/[[\]:\\]/g, '\\$&');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
