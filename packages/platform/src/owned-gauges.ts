import type { Metrics, MetricTags } from "./metrics.ts";

/** The gauges of one owner, such as a task: they go with it. */
export class OwnedGauges {
  readonly #metrics: Pick<Metrics, "gauge">;
  readonly #removals = new Set<() => void>();

  constructor(metrics: Pick<Metrics, "gauge">) {
    this.#metrics = metrics;
  }

  /** As `Metrics.gauge`. */
  gauge(name: string, read: () => number, tags?: MetricTags): () => void {
    const removeOne = this.#metrics.gauge(name, read, tags);
    const removal = (): void => {
      this.#removals.delete(removal);
      removeOne();
    };
    this.#removals.add(removal);
    return removal;
  }

  remove(): void {
    this.#removals.forEach((removal) => removal());
  }
}
