import type { Metrics, MetricTags } from "./metrics.ts";
import type { Clock } from "./platform.ts";
import { SampledValues, showSampled, type SampledReading } from "./sampled-values.ts";

/** Kafka's names: `NAME-total`, `NAME-rate` (a second), `NAME-latency-avg`, `NAME-latency-max` (milliseconds), `NAME-ratio` (of all time). */
export function timedNames(name: string): Readonly<Record<string, SampledReading>> {
  return { [`${name}-total`]: "total", ...timedRates(name), [`${name}-ratio`]: "share" };
}

/** Those of them that Kafka has of stores. */
export function timedRates(name: string): Readonly<Record<string, SampledReading>> {
  return {
    [`${name}-rate`]: "rate",
    [`${name}-latency-avg`]: "average",
    [`${name}-latency-max`]: "most",
  };
}

export interface TimedWorkOptions {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly metrics: Pick<Metrics, "gauge">;
  readonly names: Readonly<Record<string, SampledReading>>;
  readonly tags: MetricTags;
}

/** How often one kind of work is done, and how long it takes. */
export class TimedWork {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #values: SampledValues;

  constructor({ clock, metrics, names, tags }: TimedWorkOptions) {
    this.#clock = clock;
    this.#values = new SampledValues(clock);
    showSampled(metrics, this.#values, names, tags);
  }

  /** Before the work, for `end`. */
  begin(): number {
    return this.#clock.monotonicMs();
  }

  /** @param count how many were done by it; with 0 its time counts all the same */
  end(beginMs: number, count = 1): void {
    const nowMs = this.#clock.monotonicMs();
    this.#values.record(nowMs - beginMs, nowMs, count);
  }
}
