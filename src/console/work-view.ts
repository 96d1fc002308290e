/** The third view: merge and backup with their progress, jobs, connections, the slow log. */

import { type Api, ApiError } from './api.ts';
import { confirmed } from './confirm.ts';
import { busyWith, button, byId, element, table } from './element.ts';
import { formatBytes, formatCount, formatMs, formatPercent, formatTime } from './format.ts';
import { mergeProgress } from './merge-progress.ts';
import { complain, messageOf, notify } from './notices.ts';
import type { Point, StatsFeed } from './stats-feed.ts';
import { type Job, WorkApi } from './work-api.ts';

const REFRESH_MS = 2000;

export class WorkView {
  readonly #work: WorkApi;
  readonly #feed: StatsFeed;
  readonly #isAdmin: () => boolean;
  readonly #merge = mergeProgress();
  readonly #mergeState = element('p', { class: 'muted' });
  readonly #runMerge = button('Merge now', () => this.#startMerge(), { class: 'primary' });
  readonly #directory = element('input', {
    name: 'directory',
    placeholder: 'as configured: backupDirectory',
    spellcheck: 'false',
    autocapitalize: 'none',
  });
  readonly #backup = element('button', { class: 'primary' }, 'Back up');
  readonly #notAdmin = element(
    'p',
    { class: 'muted', hidden: true },
    'For users of the role admin.',
  );
  readonly #jobs = element('div');
  readonly #clients = element('div');
  readonly #slow = element('div');
  #timer: number | undefined;
  #isAsking = false;

  constructor(api: Api, feed: StatsFeed, isAdmin: () => boolean) {
    this.#work = new WorkApi(api);
    this.#feed = feed;
    this.#isAdmin = isAdmin;
    byId('work').classList.add('stack');
    byId('work').append(
      this.#notAdmin,
      element('div', { class: 'charts' }, this.#mergePanel(), this.#backupPanel()),
      panel('Jobs', this.#jobs),
      panel('Connections', this.#clients),
      panel('Slow requests', this.#slow),
    );
    feed.listen((point) => this.#show(point));
  }

  open(): void {
    const isAdmin = this.#isAdmin();
    this.#notAdmin.hidden = isAdmin;
    this.#runMerge.disabled = !isAdmin;
    this.#backup.disabled = !isAdmin;
    const point = this.#feed.points.at(-1);
    if (point !== undefined) this.#show(point);
    if (!isAdmin) return;
    this.#timer = window.setInterval(() => void this.#refresh(), REFRESH_MS);
    void this.#refresh();
  }

  close(): void {
    window.clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #mergePanel(): HTMLElement {
    const text = 'Copies what is live out of segments with dead space, and removes them.';
    const about = element('p', { class: 'muted' }, text);
    const tools = element('div', { class: 'row' }, this.#runMerge);
    return panel('Merge', about, this.#mergeState, this.#merge.element, tools);
  }

  #backupPanel(): HTMLElement {
    const form = element(
      'form',
      { class: 'stack' },
      element(
        'label',
        {},
        'Directory on the daemon’s machine: backupDirectory, or one in it',
        this.#directory,
      ),
      element('div', { class: 'row' }, this.#backup),
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void busyWith(this.#backup, () => this.#startBackup());
    });
    const text = 'A whole copy, consistent, while the store serves.';
    return panel('Backup', element('p', { class: 'muted' }, text), form);
  }

  #show({ stats: { merge, log } }: Point): void {
    if (byId('work').hidden) return;
    this.#merge.show(merge);
    const share = formatPercent(log.deadBytes, log.bytes);
    const failed = merge.lastError === null ? '' : ` The last failure: ${merge.lastError}.`;
    this.#mergeState.textContent = `${formatBytes(log.deadBytes)} of ${formatBytes(log.bytes)} are dead (${share}). Merges so far: ${formatCount(merge.runs)}.${failed}`;
  }

  async #startMerge(): Promise<void> {
    try {
      await this.#work.merge();
      notify('The merge runs');
      await this.#refresh();
    } catch (thrown) {
      if (thrown instanceof ApiError && thrown.code === 'MERGE_RUNNING') {
        notify('A merge runs already');
      } else complain(thrown);
    }
  }

  async #startBackup(): Promise<void> {
    try {
      await this.#work.backUp(this.#directory.value);
      notify('The backup runs');
      await this.#refresh();
    } catch (thrown) {
      complain(thrown);
    }
  }

  async #refresh(): Promise<void> {
    if (this.#isAsking || document.hidden) return;
    this.#isAsking = true;
    await Promise.all([
      fill(this.#jobs, async () => this.#jobTable(await this.#work.jobs())),
      fill(this.#slow, () => this.#slowTable()),
      fill(this.#clients, () => this.#clientTable()),
    ]);
    this.#isAsking = false;
  }

  #jobTable(jobs: readonly Job[]): HTMLElement {
    const newest = jobs.toSorted((a, b) => b.id - a.id);
    const rows = newest.map((job) => [
      String(job.id),
      job.kind,
      outcomeOf(job),
      progressOf(job),
      formatMs(job.ms),
      job.state === 'running' ? this.#cancelButton(job) : '',
    ]);
    if (rows.length === 0) return element('p', { class: 'muted' }, 'No long work since the start.');
    return table('Jobs', ['Job', 'Kind', 'State', 'Progress', 'Time', ''], rows);
  }

  #cancelButton({ id, kind }: Job): HTMLElement {
    const properties = { class: 'danger', 'aria-label': `Cancel job ${id}` };
    return button(
      'Cancel',
      async () => {
        const text = `Job ${id}, a ${kind}, stops where it is.`;
        if (!(await confirmed({ title: 'Cancel this job?', text, verb: 'Cancel the job' }))) return;
        await this.#work.cancel(id).catch(complain);
        await this.#refresh();
      },
      properties,
    );
  }

  async #slowTable(): Promise<HTMLElement> {
    const entries = await this.#work.slowRequests();
    const rows = entries.map((entry) => [
      formatTime(entry.at),
      entry.operation,
      formatMs(entry.ms),
      formatCount(entry.requests),
      formatBytes(entry.bytesIn),
      formatBytes(entry.bytesOut),
      `${entry.address} ${entry.client}`,
    ]);
    if (rows.length === 0) return element('p', { class: 'muted' }, 'None.');
    const heads = ['When', 'Operation', 'Took', 'Requests', 'In', 'Out', 'From'];
    return table('Slow requests, the newest first', heads, rows);
  }

  async #clientTable(): Promise<HTMLElement> {
    const clients = await this.#work.clients();
    const rows = clients.map((client) => [
      String(client.id),
      client.address,
      client.name,
      client.user ?? '',
      client.lastOperation ?? '',
      formatCount(client.requests),
      formatMs(client.idleMs),
    ]);
    if (rows.length === 0) return element('p', { class: 'muted' }, 'None over the wire protocol.');
    const heads = ['Client', 'Address', 'Name', 'User', 'Last operation', 'Requests', 'Idle'];
    return table('Connections', heads, rows);
  }
}

function panel(title: string, ...content: Node[]): HTMLElement {
  return element('section', { class: 'panel stack' }, element('h2', {}, title), ...content);
}

/** Puts there what comes, or why it does not. The focus stays where it was. */
async function fill(place: HTMLElement, make: () => Promise<HTMLElement>): Promise<void> {
  try {
    const made = await make();
    if (!place.contains(document.activeElement)) place.replaceChildren(made);
  } catch (thrown) {
    const isMissing = thrown instanceof ApiError && thrown.isMissingRoute;
    const text = isMissing ? 'This daemon does not tell.' : messageOf(thrown);
    place.replaceChildren(element('p', { class: 'muted' }, text));
  }
}

function outcomeOf({ state, error, result }: Job): string {
  if (error !== undefined) return `${state}: ${error.message} (${error.code})`;
  return result?.path === undefined ? state : `${state}: ${result.path}`;
}

function progressOf({ done, total, unit, kind, id }: Job): Node | string {
  const format = unit === 'bytes' ? formatBytes : formatCount;
  const text = total === undefined ? format(done) : `${format(done)} of ${format(total)}`;
  if (total === undefined || total === 0) return text;
  const label = `Progress of job ${id}, ${kind}`;
  const bar = element('progress', { max: total, value: done, 'aria-label': label });
  return element('div', {}, bar, element('div', {}, text));
}
