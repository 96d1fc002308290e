/** The console: who is signed in, which view is shown, what the keyboard does. */

import { Api, ApiError, type SessionFacts } from './api.ts';
import { byId } from './element.ts';
import { startKeyboard } from './keyboard.ts';
import { KeysView } from './keys-view.ts';
import { complain } from './notices.ts';
import { Overview } from './overview.ts';
import { SignIn } from './sign-in.ts';
import { StatsFeed } from './stats-feed.ts';
import { startTheme } from './theme.ts';
import { WorkView } from './work-view.ts';

const VIEWS = ['overview', 'keys', 'work'] as const;
type ViewName = (typeof VIEWS)[number];
const RETRY_MS = 1000;

const api = new Api();
const feed = new StatsFeed(api);
let session: SessionFacts | undefined;

const overview = new Overview(api, feed);
const keys = new KeysView(api, () => session?.role === 'write' || session?.role === 'admin');
const work = new WorkView(
  api,
  feed,
  () => session?.role === 'admin' && prefixesOf(session).length === 0,
);
const signIn = new SignIn(api, begin);

function begin(facts: SessionFacts): void {
  session = facts;
  signIn.hide();
  byId('views').hidden = false;
  byId('who').hidden = facts.user === null;
  byId('who').textContent = `${facts.user ?? ''} (${facts.role ?? 'no role'})`;
  byId('sign-out').hidden = facts.csrf_token === null;
  feed.start();
  show();
}

/** Those that can be typed, of a user who is limited to them. */
function prefixesOf({ prefixes }: SessionFacts): string[] {
  return (prefixes ?? []).flatMap((prefix) => {
    try {
      return [decodeURIComponent(prefix)];
    } catch {
      return [];
    }
  });
}

function end(): void {
  if (session === undefined) return;
  session = undefined;
  feed.stop();
  overview.reset();
  keys.reset();
  for (const view of VIEWS) byId(view).hidden = true;
  for (const id of ['views', 'who', 'sign-out']) byId(id).hidden = true;
  say('', false);
  signIn.show();
}

/** What the address says: `#/keys?prefix=user%3A` */
function show(): void {
  if (session === undefined) return;
  const [path = '', query = ''] = window.location.hash.replace(/^#\/?/, '').split('?', 2);
  const name: ViewName = VIEWS.find((view) => view === path) ?? 'overview';
  // each view begins at its top
  if (byId(name).hidden) window.scrollTo(0, 0);
  for (const view of VIEWS) byId(view).hidden = view !== name;
  for (const link of byId('views').querySelectorAll('a')) {
    if (link.hash === `#/${name}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  work.close();
  if (name === 'overview') overview.open();
  else if (name === 'work') work.open();
  else void keys.open(new URLSearchParams(query).get('prefix') ?? prefixesOf(session)[0] ?? '');
}

function say(text: string, isBad: boolean): void {
  const place = byId('state');
  place.className = isBad ? 'state bad' : 'state';
  // said once, not each second
  if (place.textContent !== text) place.textContent = text;
}

feed.onTrouble = (error) => {
  if (error?.isForbidden === true && session !== undefined) {
    // it is not asked again, so that nobody is refused each second
    feed.stop();
    overview.refuse(prefixesOf(session));
    say('signed in', false);
  } else if (error !== undefined) say(error.message, true);
};
feed.listen(({ stats: { status, degraded, durability } }) => {
  if (status !== 'open') say(`the store is ${status}`, true);
  else if (degraded) say('open, with damage: see caskctl verify', true);
  else say(`open, durability ${durability}`, false);
});
api.onSignedOut = end;
byId('sign-out').addEventListener('click', () => {
  void api.signOut().catch(complain).finally(end);
});
window.addEventListener('hashchange', show);
startTheme();
startKeyboard({
  show: (index) => {
    if (session !== undefined) window.location.hash = `#/${VIEWS[index]}`;
  },
  search: () => {
    if (session === undefined) return;
    if (byId('keys').hidden) window.location.hash = '#/keys';
    show();
    keys.focusSearch();
  },
  walk: (step) => {
    if (!byId('keys').hidden) keys.walk(step);
  },
  create: () => {
    if (!byId('keys').hidden) keys.create();
  },
  save: () => keys.save(),
});

/** Without an answer there is nothing to show: it is asked until there is one. */
async function start(): Promise<void> {
  for (;;) {
    try {
      const facts = await api.session();
      say('', false);
      if (facts.authenticated) begin(facts);
      else signIn.show();
      return;
    } catch (thrown) {
      if (!(thrown instanceof ApiError)) throw thrown;
      if (thrown.code === 'UNAUTHENTICATED') return signIn.show();
      say(`${thrown.message}; trying again`, true);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

await start();
