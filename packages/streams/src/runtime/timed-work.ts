import type { Clock, MetricTags, Metrics } from "@millrace/platform";

/** Kafka's `metrics.sample.window.ms`, with `metrics.num.samples` of two: values are of the last 30 to 60 seconds. */
const windowMs = 30_000;

interface Sample {
  readonly startMs: number;
  count: number;
  ms: number;
  msMax: number;
}

/**
 * How often one kind of work is done, and how long it takes, under Kafka's names: `NAME-total`, `NAME-rate` (a second),
 * `NAME-latency-avg`, `NAME-latency-max` (milliseconds), `NAME-ratio` (of all time).
 */
export class TimedWork {
  readonly #clock: Clock;
  #total = 0;
  #previous: Sample;
  #current: Sample;

  constructor(clock: Clock, metrics: Pick<Metrics, "gauge">, name: string, tags: MetricTags) {
    this.#clock = clock;
    this.#current = emptySample(clock.monotonicMs());
    this.#previous = this.#current;
    const over = (read: (count: number, ms: number, spanMs: number) => number) => (): number => {
      const [count, ms, spanMs] = this.#sums();
      return read(count, ms, spanMs);
    };
    metrics.gauge(`${name}-total`, () => this.#total, tags);
    metrics.gauge(
      `${name}-rate`,
      over((count, _, spanMs) => (1000 * count) / spanMs),
      tags,
    );
    metrics.gauge(
      `${name}-latency-avg`,
      over((count, ms) => (count === 0 ? 0 : ms / count)),
      tags,
    );
    metrics.gauge(`${name}-latency-max`, () => this.#msMax(), tags);
    metrics.gauge(
      `${name}-ratio`,
      over((_, ms, spanMs) => ms / spanMs),
      tags,
    );
  }

  /** Before the work, for `end`. */
  begin(): number {
    return this.#clock.monotonicMs();
  }

  /** @param count how many were done by it; with 0 its time counts all the same */
  end(beginMs: number, count = 1): void {
    const nowMs = this.#clock.monotonicMs();
    this.#turn(nowMs);
    const ms = nowMs - beginMs;
    this.#total += count;
    this.#current.count += count;
    this.#current.ms += ms;
    if (ms > this.#current.msMax) this.#current.msMax = ms;
  }

  #turn(nowMs: number): void {
    const ageMs = nowMs - this.#current.startMs;
    if (ageMs < windowMs) return;
    this.#previous = ageMs < 2 * windowMs ? this.#current : emptySample(nowMs - windowMs);
    this.#current = emptySample(nowMs);
  }

  #sums(): readonly [count: number, ms: number, spanMs: number] {
    const nowMs = this.#clock.monotonicMs();
    this.#turn(nowMs);
    const [current, previous] = [this.#current, this.#previous];
    const spanMs = Math.max(1, nowMs - previous.startMs);
    if (current === previous) return [current.count, current.ms, spanMs];
    return [current.count + previous.count, current.ms + previous.ms, spanMs];
  }

  #msMax(): number {
    this.#turn(this.#clock.monotonicMs());
    return Math.max(this.#current.msMax, this.#previous.msMax);
  }
}

function emptySample(startMs: number): Sample {
  return { startMs, count: 0, ms: 0, msMax: 0 };
}
