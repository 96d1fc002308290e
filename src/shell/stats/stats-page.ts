/** The page that `stats` prints for people: what matters first, in sections. */

import { formatCount } from '../quantity.ts';
import type { ShellOutput } from '../shell-io.ts';
import { type Facts, factAt, factsAt, isFacts, numberAt } from './facts.ts';
import { formatNumberFact, genericGroups } from './generic-groups.ts';
import { collectionsSection, machineSection, processSection } from './process-sections.ts';
import { renderSections, row, type Section } from './section.ts';
import { errorsSection, requestsSection, serverSection, workSection } from './server-sections.ts';
import {
  mergeSection,
  readsSection,
  spaceSection,
  storeSection,
  writesSection,
} from './store-sections.ts';

/** Groups that the sections below tell of; others are printed as they are. */
const TOLD = new Set([
  ...['uuid', 'status', 'durability', 'keys', 'indexReady', 'lastRevision', 'committedRevision'],
  ...['keydir', 'cache', 'log', 'writes', 'reads', 'longStalls', 'durations', 'merge', 'limits'],
  ...['damage', 'degraded', 'opened', 'server', 'process', 'eventLoop', 'collections', 'system'],
]);
const TOLD_OF_SERVER = new Set([
  ...['startedAt', 'uptimeMs', 'connectionsOpen', 'connectionsAccepted', 'connectionsRejected'],
  ...['connectionsKilled', 'slowConsumers', 'truncatedStreams', 'bytesIn', 'bytesOut'],
  ...['requests', 'latency', 'errors', 'slowRequests'],
]);

export function renderStatsPage(
  stats: object,
  version: string | undefined,
  stream: ShellOutput,
): string {
  const facts = stats as Facts;
  const sections = [
    serverSection(facts, version),
    troubleSection(facts),
    requestsSection(facts),
    errorsSection(facts),
    storeSection(facts),
    spaceSection(facts),
    writesSection(facts),
    readsSection(facts),
    workSection(facts),
    mergeSection(facts),
    processSection(facts),
    collectionsSection(facts),
    machineSection(facts),
    limitsSection(facts),
    ...genericGroups('Other', withoutNames(facts, TOLD)),
    ...genericGroups('Server, other', withoutNames(factsAt(facts, 'server'), TOLD_OF_SERVER)),
  ];
  return renderSections(sections, stream);
}

/** Empty where all is well. */
function troubleSection(facts: Facts): Section {
  const { damage } = facts;
  const places = Array.isArray(damage) && damage.length > 0 ? damage.length : undefined;
  const corrupt = numberAt(facts, 'reads', 'corrupt') || undefined;
  const failed = numberAt(facts, 'reads', 'failed') || undefined;
  return {
    title: 'Trouble',
    rows: [
      ...row('damaged places in the log', places === undefined ? undefined : String(places)),
      ...row('state', factAt(facts, 'degraded') === true ? 'degraded: see the log' : undefined),
      ...row('reads of damaged records', corrupt === undefined ? undefined : String(corrupt)),
      ...row('reads that failed', failed === undefined ? undefined : String(failed)),
    ],
  };
}

function limitsSection(facts: Facts): Section {
  const rows = Object.entries(factsAt(facts, 'limits')).flatMap(([name, limit]) => {
    if (!isFacts(limit)) return [];
    const amounts = ['limit', 'current', 'high'].map((which) => {
      const amount = numberAt(limit, which);
      return amount === undefined ? '-' : formatNumberFact(name, amount);
    });
    return [[name, ...amounts, formatCount(numberAt(limit, 'reached') ?? 0)]];
  });
  return { title: 'Limits, by setting', head: ['', 'limit', 'now', 'most', 'reached'], rows };
}

/** Lists that are empty say nothing. */
function withoutNames(facts: Facts, names: ReadonlySet<string>): Facts {
  return Object.fromEntries(
    Object.entries(facts).filter(
      ([name, fact]) => !names.has(name) && !(Array.isArray(fact) && fact.length === 0),
    ),
  );
}
