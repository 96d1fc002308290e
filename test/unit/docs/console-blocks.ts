/** Commands of a page with what they print: the blocks of the kind `console`. */

export interface PageCommand {
  readonly line: number;
  readonly command: string;
  /** `...` stands for anything. */
  readonly prints: string;
}

export function consoleCommands(page: string): PageCommand[] {
  const commands: { line: number; command: string; prints: string }[] = [];
  let isConsole = false;
  page.split('\n').forEach((text, index) => {
    if (text.startsWith('```')) {
      isConsole = text === '```console';
    } else if (isConsole && text.startsWith('$ ')) {
      commands.push({ line: index + 1, command: text.slice(2), prints: '' });
    } else if (isConsole) {
      const last = commands.at(-1);
      if (last !== undefined) last.prints += `${text}\n`;
    }
  });
  return commands;
}

/** What a command is to print, where `...` stands for anything. */
export function patternOf(prints: string): RegExp {
  const parts = prints.trimEnd().split('...');
  const escaped = parts.map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${escaped.join('[^]*')}$`);
}
