import type { Metrics, MetricTags } from "./metrics.ts";
import type { Clock } from "./platform.ts";

/** Kafka's `metrics.sample.window.ms`, with `metrics.num.samples` of two: values are of the last 30 to 60 seconds. */
const windowMs = 30_000;

interface Sample {
  readonly startMs: number;
  count: number;
  sum: number;
  least: number;
  most: number;
}

/**
 * What a value was over the last 30 to 60 seconds. `count` is how many things were measured, each `sum / count` on
 * average; where nothing was, all are 0.
 */
export class SampledValues {
  /** Of all time. */
  total = 0;
  readonly #clock: Pick<Clock, "monotonicMs">;
  #previous: Sample;
  #current: Sample;

  constructor(clock: Pick<Clock, "monotonicMs">) {
    this.#clock = clock;
    this.#current = emptySample(clock.monotonicMs());
    this.#previous = this.#current;
  }

  /**
   * @param nowMs of the monotonic clock
   * @param count what the value is of; with 0 it counts all the same
   */
  record(value: number, nowMs = this.#clock.monotonicMs(), count = 1): void {
    if (nowMs - this.#current.startMs >= windowMs) this.#turn(nowMs);
    const current = this.#current;
    this.total += count;
    current.count += count;
    current.sum += value;
    if (value < current.least) current.least = value;
    if (value > current.most) current.most = value;
  }

  /** Things a second. */
  get rate(): number {
    return this.#over(({ count }, spanMs) => (1000 * count) / spanMs);
  }
  get average(): number {
    return this.#over(({ count, sum }) => (count === 0 ? 0 : sum / count));
  }
  get most(): number {
    return this.#over(({ most }) => (most === -Infinity ? 0 : most));
  }
  get least(): number {
    return this.#over(({ least }) => (least === Infinity ? 0 : least));
  }
  /** Of values in milliseconds: their part of all time. */
  get share(): number {
    return this.#over(({ sum }, spanMs) => sum / spanMs);
  }

  #turn(nowMs: number): void {
    const ageMs = nowMs - this.#current.startMs;
    if (ageMs < windowMs) return;
    this.#previous = ageMs < 2 * windowMs ? this.#current : emptySample(nowMs - windowMs);
    this.#current = emptySample(nowMs);
  }

  #over(read: (both: Sample, spanMs: number) => number): number {
    const nowMs = this.#clock.monotonicMs();
    this.#turn(nowMs);
    const [current, previous] = [this.#current, this.#previous];
    const spanMs = Math.max(1, nowMs - previous.startMs);
    if (current === previous) return read(current, spanMs);
    const both = {
      startMs: previous.startMs,
      count: current.count + previous.count,
      sum: current.sum + previous.sum,
      least: Math.min(current.least, previous.least),
      most: Math.max(current.most, previous.most),
    };
    return read(both, spanMs);
  }
}

function emptySample(startMs: number): Sample {
  return { startMs, count: 0, sum: 0, least: Infinity, most: -Infinity };
}

export type SampledReading = "total" | "rate" | "average" | "most" | "least" | "share";

/** Shows readings of the values, each under its name. */
export function showSampled(
  metrics: Pick<Metrics, "gauge">,
  values: SampledValues,
  names: Readonly<Record<string, SampledReading>>,
  tags: MetricTags,
): void {
  for (const [name, reading] of Object.entries(names))
    metrics.gauge(name, () => values[reading], tags);
}
