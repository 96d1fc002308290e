/** All metrics, written out by prom-client in the format that the scraper wants. */

import {
  type Metric,
  type MetricObjectWithValues,
  type MetricValue,
  Registry,
  type RegistryContentType,
} from 'prom-client';
import { HTTP_METRICS } from './http-metrics.ts';
import { LIMIT_METRICS } from './limit-metrics.ts';
import type { MetricDefinition } from './metric-definition.ts';
import { PROCESS_METRICS } from './process-metrics.ts';
import type { ScrapeFacts } from './scrape-facts.ts';
import { SERVER_METRICS } from './server-metrics.ts';
import { STORE_METRICS } from './store-metrics.ts';

export const METRICS: readonly MetricDefinition[] = [
  ...STORE_METRICS,
  ...SERVER_METRICS,
  ...LIMIT_METRICS,
  ...HTTP_METRICS,
  ...PROCESS_METRICS,
];

export type MetricFormat = 'text' | 'openmetrics';

const CONTENT_TYPES = {
  text: Registry.PROMETHEUS_CONTENT_TYPE,
  openmetrics: Registry.OPENMETRICS_CONTENT_TYPE,
} as const;

export class MetricRegistry {
  /** One for each format: prom-client renames the counters of one that writes OpenMetrics. */
  readonly #registries: Readonly<Record<MetricFormat, Registry<RegistryContentType>>>;
  readonly #gather: () => ScrapeFacts;
  #facts: ScrapeFacts | undefined;

  /** @param gather asked once for each scrape */
  constructor(gather: () => ScrapeFacts) {
    this.#gather = gather;
    this.#registries = { text: this.#registry('text'), openmetrics: this.#registry('openmetrics') };
  }

  contentType(format: MetricFormat): string {
    return CONTENT_TYPES[format];
  }

  async write(format: MetricFormat): Promise<string> {
    this.#facts = this.#gather();
    return await this.#registries[format].metrics();
  }

  #registry(format: MetricFormat): Registry<RegistryContentType> {
    const registry = new Registry<RegistryContentType>();
    registry.setContentType(CONTENT_TYPES[format]);
    for (const definition of METRICS) {
      const family = new MetricFamily(definition, () => this.#facts);
      // prom-client asks its metrics for no more than this
      registry.registerMetric(family as unknown as Metric<string>);
    }
    return registry;
  }
}

/** A metric in the shape that prom-client's registry reads. */
class MetricFamily {
  /** The registry writes to it. */
  name: string;
  readonly type: string;
  readonly #definition: MetricDefinition;
  readonly #facts: () => ScrapeFacts | undefined;

  constructor(definition: MetricDefinition, facts: () => ScrapeFacts | undefined) {
    this.name = definition.name;
    this.type = definition.type;
    this.#definition = definition;
    this.#facts = facts;
  }

  get(): Pick<MetricObjectWithValues<MetricValue<string>>, 'name' | 'help' | 'values'> & {
    readonly type: string;
  } {
    const { name, type } = this;
    const facts = this.#facts();
    const samples = facts === undefined ? [] : this.#definition.samples(facts);
    const values = samples.map(({ value, labels = {}, suffix }) =>
      suffix === undefined ? { value, labels } : { value, labels, metricName: name + suffix },
    );
    return { name, type, help: this.#definition.help, values };
  }
}
