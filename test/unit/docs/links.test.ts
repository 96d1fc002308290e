/** Links within the documents lead somewhere: to a file that is there, and a heading in it. */

import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const LINK = /\]\(([^)\s]+)\)/g;
const ELSEWHERE = /^(https?|mailto):/;

function textOf(path: string): string {
  const text = readFileSync(join(ROOT, path), 'utf8');
  return text.replaceAll(/^```[\s\S]*?^```/gm, '');
}

/** As GitHub makes them of headings. */
function anchorsOf(path: string): Set<string> {
  const headings = [...textOf(path).matchAll(/^#{1,6} (.*)$/gm)].map(([, heading = '']) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

const links = globSync('{README.md,CHANGELOG.md,docs/*.md}', { cwd: ROOT }).flatMap((page) =>
  [...textOf(page).matchAll(LINK)]
    .map(([, target = '']) => target)
    .filter((target) => !ELSEWHERE.test(target))
    .map((target) => [page, target] as const),
);

it('finds the links', () => {
  expect(links.length).toBeGreaterThan(30);
});

it.each(links)('%s links to %s', (page, target) => {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page : join(dirname(page), path);
  expect(existsSync(join(ROOT, file)), file).toBe(true);
  if (anchor !== undefined) expect([...anchorsOf(file)]).toContain(anchor);
});
