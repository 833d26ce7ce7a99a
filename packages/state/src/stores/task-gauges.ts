import type { Metrics, MetricTags } from "@millrace/platform";

/** The gauges of one task's stores: they go with the task. */
export class TaskGauges {
  readonly #metrics: Metrics;
  readonly #removals: (() => void)[] = [];

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  /** As `Metrics.gauge`. */
  gauge(name: string, read: () => number, tags?: MetricTags): () => void {
    const removal = this.#metrics.gauge(name, read, tags);
    this.#removals.push(removal);
    return removal;
  }

  remove(): void {
    for (const removal of this.#removals.splice(0)) removal();
  }
}
