/** A browser that looks at the console, and takes note of what it should not have to say. */

import { existsSync, readFileSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import type { Obstacle } from '../kernel/capabilities.ts';

const PROGRAMS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const PROGRAM = process.env['CHROMIUM'] ?? PROGRAMS.find((path) => existsSync(path));
const IN_PAGE = readFileSync(new URL('look-at-page.js', import.meta.url), 'utf8');
/** The browser logs what is refused; the page deals with these. */
const REFUSAL = /^Failed to load resource: .* status of (401|403|404|409|412|503) /;
const REFUSING = /^\/v1\/(session$|stats$|kv\/|admin\/)/;
const VIOLATIONS = `
  globalThis.violations = [];
  document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
    globalThis.violations.push(violatedDirective + ' ' + blockedURI);
  });`;

/** Why nothing can be looked at here; undefined: it can. */
export function browserObstacle(): Obstacle {
  return PROGRAM === undefined ? 'chromium is not installed' : undefined;
}

export function launchBrowser(): Promise<Browser> {
  // as root it has no sandbox
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath: PROGRAM ?? '', args });
}

/** A page, and all that went wrong in it. */
export class WatchedPage {
  readonly page: Page;
  readonly #complaints: string[] = [];

  private constructor(page: Page, origin: string) {
    this.page = page;
    page.on('console', (message) => {
      const text = message.text();
      const { url } = message.location();
      if (REFUSAL.test(text) && REFUSING.test(new URL(url).pathname)) return;
      const isTrouble = message.type() === 'error' || message.type() === 'warning';
      if (isTrouble) this.#complaints.push(`${message.type()}: ${text} ${url}`);
    });
    page.on('pageerror', (error) => this.#complaints.push(`thrown: ${error.stack}`));
    page.on('request', (request) => {
      const { origin: asked } = new URL(request.url());
      if (asked !== origin) this.#complaints.push(`asked another host: ${request.url()}`);
    });
  }

  static async open(
    browser: Browser,
    origin: string,
    options: BrowserContextOptions = {},
  ): Promise<WatchedPage> {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(30_000);
    await context.addInitScript(VIOLATIONS);
    const page = await context.newPage();
    const watched = new WatchedPage(page, origin);
    await page.goto(`${origin}/`);
    return watched;
  }

  /** Errors on its console, requests to other hosts, violations of its security policy. */
  async complaints(): Promise<readonly string[]> {
    const violations = (await this.page.evaluate('globalThis.violations')) as string[];
    return [...this.#complaints, ...violations.map((one) => `violation: ${one}`)];
  }

  /** Text without contrast (WCAG 2.2, 1.4.3), controls without a name, a page too wide. */
  async flaws(): Promise<readonly string[]> {
    return (await this.page.evaluate(IN_PAGE)) as string[];
  }

  async signIn(user: string, password: string): Promise<void> {
    await this.page.getByLabel('User').fill(user);
    await this.page.getByLabel('Password').fill(password);
    await this.page.getByRole('button', { name: 'Sign in' }).click();
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }
}
