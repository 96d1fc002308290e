/** The console in a browser, over a daemon with users and a real store. */

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { connect } from '../../src/client/index.ts';
import { DaemonProcess } from '../e2e/daemon-process.ts';
import { skipsBecause } from '../kernel/capabilities.ts';
import { UsersOnDisk } from '../unit/security/users-on-disk.ts';
import { browserObstacle, launchBrowser, WatchedPage } from './console-browser.ts';

const CASKD = fileURLToPath(new URL('../../bin/caskd.js', import.meta.url));
const withoutBrowser = skipsBecause('the console in a browser', browserObstacle());
const PHONE = { width: 390, height: 844 };
const SOON = { timeout: 30_000 };
const consoleTest = test.skipIf(withoutBrowser);

let browser: Browser;
let daemon: DaemonProcess;
let users: UsersOnDisk;
let directory: string;
let origin: string;
let db: Awaited<ReturnType<typeof connectAs>>;
const opened: WatchedPage[] = [];

beforeAll(async () => {
  if (withoutBrowser) return;
  users = await UsersOnDisk.create(
    ['ada', 'admin', 'lovelace'],
    ['bob', 'read', 'builder'],
    [...(['cleo', 'write', 'cities', ['city:', 'town:']] as const)],
  );
  directory = await mkdtemp(join(tmpdir(), 'caskd-console-'));
  await mkdir(join(directory, 'backups'));
  const places = ['--listen', '127.0.0.1:0', '--http', '127.0.0.1:0'];
  const paths = ['--data', join(directory, 'data'), '--users-file', users.path];
  const more = [
    '--segment-bytes',
    '64k',
    '--merge-automatic',
    'false',
    '--backup-directory',
    join(directory, 'backups'),
  ];
  daemon = new DaemonProcess([...places, ...paths, ...more], { script: CASKD });
  browser = await launchBrowser();
  origin = `http://${(await daemon.line('http-ready'))['address']}`;
  db = await connectAs('ada', 'lovelace');
});

afterEach(async () => {
  for (const watched of opened.splice(0)) {
    expect(await watched.complaints()).toEqual([]);
    await watched.close();
  }
});

afterAll(async () => {
  await db?.close();
  await browser?.close();
  daemon?.kill('SIGKILL');
  await daemon?.exited;
  await users?.remove();
  if (directory !== undefined) await rm(directory, { recursive: true });
});

/** Over the wire protocol. */
async function connectAs(user: string, password: string) {
  return connect({ port: await daemon.port(), user, password, encoding: 'utf8' });
}

async function look(
  options: Parameters<typeof WatchedPage.open>[2] = {},
  user: readonly [string, string] = ['ada', 'lovelace'],
): Promise<WatchedPage> {
  const watched = await WatchedPage.open(browser, origin, options);
  opened.push(watched);
  await watched.signIn(...user);
  await watched.page.getByRole('navigation', { name: 'Views' }).waitFor();
  return watched;
}

const figure = (page: Page, name: string): Promise<string | null> =>
  page.locator(`[data-figure="${name}"]`).textContent();

consoleTest('asks who one is, and forgets it when one signs out', async () => {
  const watched = await WatchedPage.open(browser, origin);
  opened.push(watched);
  const { page } = watched;
  await watched.signIn('ada', 'byron');
  await page.getByRole('alert').filter({ hasText: 'UNAUTHENTICATED' }).waitFor();
  expect(await watched.flaws()).toEqual([]);
  await watched.signIn('ada', 'lovelace');
  await page.getByText('ada (admin)').waitFor();
  await page.reload();
  await page.getByText('ada (admin)').waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Password').waitFor();
  await page.reload();
  await page.getByLabel('Password').waitFor();
  expect(await page.getByText('ada (admin)').isVisible()).toBe(false);
});

consoleTest('a daemon that is busy at first is asked again', async () => {
  const context = await browser.newContext();
  let refused = 0;
  await context.route('**/v1/session', async (route) => {
    refused += 1;
    if (refused > 2) return route.continue();
    return route.fulfill({ status: 503, json: { code: 'BUSY', detail: 'too much to do' } });
  });
  const page = await context.newPage();
  await page.goto(`${origin}/`);
  await page.getByText('too much to do; trying again').waitFor();
  await page.getByLabel('Password').waitFor();
  expect(await page.getByText('trying again').isVisible()).toBe(false);
  await context.close();
});

consoleTest('figures follow the work, and the log is seen', async () => {
  const { page } = await look();
  let isOver = false;
  const work = (async () => {
    for (let index = 0; !isOver; index++) {
      const puts = [1, 2, 3, 4, 5].map((key) => db.put(`load:${key}`, 'x'.repeat(500 + index)));
      await Promise.all([...puts, db.get('load:1')]);
    }
  })();
  await expect.poll(() => figure(page, 'keys'), SOON).toBe('5');
  await expect.poll(() => figure(page, 'throughput'), SOON).toMatch(/^[1-9]/);
  await expect.poll(() => figure(page, 'write-latency'), SOON).toMatch(/ m?s$/);
  await expect
    .poll(() => page.locator('.log-picture .segment .dead').count(), SOON)
    .toBeGreaterThan(0);
  isOver = true;
  await work;
  const picture = page.getByRole('img', { name: /^The log: \d+ segments, .* live, .* dead/ });
  await picture.waitFor();
  await page.getByText('As a table').click();
  await page.getByRole('cell', { name: 'appended to' }).first().waitFor();
  // one canvas for each chart
  expect(await page.locator('.chart canvas').count()).toBe(2);
});

consoleTest('keys are browsed by prefix, looked at, edited and deleted', async () => {
  await db.put('city:bern', '{"people":134000}');
  await db.put('city:bonn', 'on the Rhine');
  await db.put(Buffer.from([0, 255, 1]), Buffer.from([1, 2, 3]));
  for (let index = 0; index < 250; index++) await db.put(`many:${index}`, 'v');
  const { page } = await look();
  await page.keyboard.press('2');
  await page.getByRole('button', { name: /^many:.*\d+\+ keys/ }).waitFor();
  await page.getByRole('button', { name: /^0x00ff01/ }).click();
  await page.getByText('00000000 01 02 03').waitFor();
  await page.getByRole('button', { name: /^city:.*2 keys/ }).click();
  await page.getByRole('button', { name: /^city:bern/ }).click();
  await page.getByText('"people": 134000').waitFor();
  await page.getByLabel('Text', { exact: true }).check();
  await page.getByText('{"people":134000}').waitFor();
  await page.getByRole('button', { name: 'Edit' }).click();
  await page.getByRole('textbox', { name: 'Value' }).fill('{"people":135000}');
  await page.getByLabel('Expires', { exact: true }).selectOption('expires in');
  await page.keyboard.press('Control+s');
  await page.getByText('city:bern is saved').waitFor();
  const { value, expiresAt } = (await db.getEntry('city:bern')) ?? {};
  expect(value).toBe('{"people":135000}');
  const left = Number(expiresAt) - Date.now();
  expect(left).toBeGreaterThan(3_000_000);
  expect(left).toBeLessThanOrEqual(3_600_000);

  await page.keyboard.press('/');
  await page.keyboard.type('city:bo');
  await page.getByRole('button', { name: /^city:bern/ }).waitFor({ state: 'detached' });
  await page.keyboard.press('Tab');
  await page.getByRole('button', { name: /^city:bonn/ }).click();
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('button', { name: 'Cancel' }).click();
  expect(await db.get('city:bonn')).toBeDefined();
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.getByText('city:bonn is deleted').waitFor();
  expect(await db.get('city:bonn')).toBeUndefined();

  await page.getByRole('searchbox').fill('many:');
  await page.getByRole('button', { name: 'More' }).click();
  await expect.poll(() => page.locator('.key-list li').count(), SOON).toBe(250);
});

consoleTest('what somebody else wrote meanwhile is not overwritten unseen', async () => {
  await db.put('shared', 'first');
  const { page } = await look();
  await page.goto(`${origin}/#/keys?prefix=sha`);
  await page.getByRole('button', { name: /^shared/ }).click();
  await page.getByRole('button', { name: 'Edit' }).click();
  await page.getByRole('textbox', { name: 'Value' }).fill('mine');
  await db.put('shared', 'theirs');
  await page.getByRole('button', { name: 'Save' }).click();
  const conflict = page.getByRole('alert').filter({ hasText: 'Changed by somebody else' });
  await conflict.getByText('theirs', { exact: true }).waitFor();
  await conflict.getByText('mine', { exact: true }).waitFor();
  expect(await db.get('shared')).toBe('theirs');
  await conflict.getByRole('button', { name: 'Edit yours further' }).click();
  await page.getByRole('textbox', { name: 'Value' }).fill('both');
  await db.delete('shared');
  await page.getByRole('button', { name: 'Save' }).click();
  await conflict.getByText('The key was deleted.').waitFor();
  await conflict.getByRole('button', { name: 'Overwrite with yours' }).click();
  await page.getByText('shared is saved').waitFor();
  expect(await db.get('shared')).toBe('both');
});

consoleTest('a merge and a backup are run, and seen to end', async () => {
  for (let round = 0; round < 40; round++) await db.put('big', Buffer.alloc(15_000, round));
  const { page } = await look();
  await page.keyboard.press('3');
  const state = page.getByText(/Merges so far: \d+/);
  const merges = async (): Promise<number> =>
    Number(/so far: (\d+)/.exec((await state.textContent()) ?? '')?.[1]);
  await state.waitFor();
  const before = await merges();
  await db.pauseMerge();
  await page.getByRole('button', { name: 'Merge now' }).click();
  await page.keyboard.press('1');
  await page.locator('.log-picture .segment.merging').first().waitFor();
  await page.getByText(/^Merge: copying, paused/).waitFor();
  await db.resumeMerge();
  await page.getByText(/^The last merge gave back about/).waitFor();
  await page.locator('.log-picture .segment.merging').first().waitFor({ state: 'detached' });
  await page.keyboard.press('3');
  await expect.poll(merges, SOON).toBeGreaterThan(before);
  await page.getByRole('button', { name: 'Back up' }).click();
  const job = page.getByRole('row').filter({ hasText: 'backup' });
  await job
    .filter({ hasText: 'done' })
    .filter({ hasText: join(directory, 'backups') })
    .waitFor();
  await page.getByRole('group', { name: 'Connections' }).getByText('ada').waitFor();
});

consoleTest.for([
  ['dark', undefined],
  ['light', PHONE],
] as const)('%s: it can be read, and every control has a name', async ([scheme, size]) => {
  await db.put('text', 'a value');
  const watched = await look({
    colorScheme: scheme,
    ...(size === undefined ? {} : { viewport: size }),
  });
  const { page } = watched;
  await page.locator('.log-picture .segment').first().waitFor();
  expect(await watched.flaws()).toEqual([]);
  await page.goto(`${origin}/#/keys?prefix=te`);
  await page.getByRole('button', { name: /^text/ }).click();
  await page.getByRole('button', { name: 'Edit' }).waitFor();
  expect(await watched.flaws()).toEqual([]);
  await page.getByRole('button', { name: 'Edit' }).click();
  expect(await watched.flaws()).toEqual([]);
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Delete' }).click();
  expect(await watched.flaws()).toEqual([]);
  await page.keyboard.press('Escape');
  await page.goto(`${origin}/#/work`);
  await page.getByRole('group', { name: 'Connections' }).waitFor();
  expect(await watched.flaws()).toEqual([]);
});

consoleTest('who may only read is offered nothing else', async () => {
  await db.put('text', 'a value');
  const { page } = await look({}, ['bob', 'builder']);
  await page.goto(`${origin}/#/keys?prefix=te`);
  await page.getByRole('button', { name: /^text/ }).click();
  await page.getByText('a value').waitFor();
  expect(await page.getByRole('button', { name: /^(Edit|Delete|New key)$/ }).count()).toBe(0);
  await page.keyboard.press('3');
  await page.getByText('For users of the role admin.').waitFor();
  expect(await page.getByRole('button', { name: 'Merge now' }).isDisabled()).toBe(true);
});

consoleTest('who is limited to prefixes is told so, once, and led to them', async () => {
  await db.put('city:bern', 'Aare');
  await db.put('river:aare', 'Bern');
  const watched = await WatchedPage.open(browser, origin);
  opened.push(watched);
  const { page } = watched;
  let asked = 0;
  page.on('request', (request) => {
    if (request.url().endsWith('/v1/stats')) asked += 1;
  });
  await watched.signIn('cleo', 'cities');
  await page.getByRole('heading', { name: 'What you may see' }).waitFor();
  expect(await watched.flaws()).toEqual([]);
  await page.getByRole('link', { name: 'town:' }).waitFor();
  await page.waitForTimeout(2500);
  expect(asked).toBe(1);
  await page.getByRole('link', { name: 'city:' }).click();
  await page.getByRole('button', { name: /^city:bern/ }).click();
  await page.getByText('Aare').waitFor();
  await page.getByRole('button', { name: 'Edit' }).waitFor();
  // without a prefix it is the first of those that there are
  await page.goto(`${origin}/#/keys`);
  await page.getByRole('button', { name: /^city:bern/ }).waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await watched.signIn('ada', 'lovelace');
  await page.getByRole('link', { name: 'Overview' }).click();
  await expect.poll(() => figure(page, 'keys'), SOON).toMatch(/^\d/);
});
