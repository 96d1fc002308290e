/** Reads a Dockerfile of the plain kind that ours is: one stage after the other, no variables. */

export interface Instruction {
  /** In capitals: `RUN`. */
  readonly name: string;
  /** The rest of the line, continued lines joined. */
  readonly text: string;
}

export interface Stage {
  /** What it starts from. */
  readonly image: string;
  /** `AS build`; empty for the last one. */
  readonly name: string;
  readonly instructions: readonly Instruction[];
}

export function parseDockerfile(text: string): Stage[] {
  const stages: (Stage & { instructions: Instruction[] })[] = [];
  for (const line of logicalLines(text)) {
    const [, name = '', rest = ''] = /^(\S+)\s+(.*)$/s.exec(line) ?? [];
    if (name === 'FROM') {
      const [image = '', , stage = ''] = rest.split(/\s+/);
      stages.push({ image, name: stage, instructions: [] });
    } else {
      const current = stages.at(-1);
      if (current === undefined) throw new Error(`${name} stands before FROM`);
      current.instructions.push({ name, text: rest });
    }
  }
  return stages;
}

function logicalLines(text: string): string[] {
  const lines = text.split('\n').filter((line) => !line.trimStart().startsWith('#'));
  const joined = lines.join('\n').replace(/\\\n\s*/g, ' ');
  return joined.split('\n').filter((line) => line.trim() !== '');
}

/** `["caskctl", "ping"]`: the form in which no shell stands between. */
export function execForm(text: string): string[] {
  return JSON.parse(text) as string[];
}

/** `A=1 B=2` */
export function assignments(text: string): Record<string, string> {
  const pairs = text.split(/\s+/).map((pair) => {
    const at = pair.indexOf('=');
    return [pair.slice(0, at), pair.slice(at + 1)];
  });
  return Object.fromEntries(pairs) as Record<string, string>;
}

export interface Copy {
  /** The stage that is copied from; undefined: the context. */
  readonly from: string | undefined;
  readonly sources: readonly string[];
  readonly target: string;
}

export function parseCopy(text: string): Copy {
  const words = text.split(/\s+/);
  const [first = ''] = words;
  const [, from] = /^--from=(.+)$/.exec(first) ?? [];
  const paths = from === undefined ? words : words.slice(1);
  return { from, sources: paths.slice(0, -1), target: paths.at(-1) ?? '' };
}

/** What .dockerignore lets through; the last pattern that fits decides. */
export function isInContext(path: string, ignoreFile: string): boolean {
  let isIn = true;
  for (const line of ignoreFile.split('\n')) {
    const pattern = line.trim();
    const name = pattern.replace(/^!/, '').replace(/\/$/, '');
    const fits = name === '*' || path === name || path.startsWith(`${name}/`);
    if (pattern !== '' && fits) isIn = pattern.startsWith('!');
  }
  return isIn;
}
