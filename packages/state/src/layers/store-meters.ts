import type { Timestamp } from "@millrace/model";
import {
  isRecorded,
  SampledValues,
  showSampled,
  timedRates,
  TimedWork,
  type Clock,
  type Metrics,
  type MetricTags,
  type RecordingLevel,
} from "@millrace/platform";
import type { CursorWatch, OpenedCursors } from "../contract/cursor-watch.ts";
import type { RecordContext } from "../contract/record-context.ts";
import type { StateStore } from "../contract/state-store.ts";
import type { BufferSizes, StoreOperation, StoreOperations } from "../contract/store-operation.ts";

export interface StoreMetersOptions {
  readonly metrics: Pick<Metrics, "gauge">;
  readonly clock: Clock;
  readonly level: RecordingLevel;
  readonly tags: MetricTags;
  readonly context: RecordContext;
}

/** What a store does, under Kafka's names (Kafka: `StateStoreMetrics`). At level `info` that is a look at its cursors. */
export class StoreMeters implements CursorWatch {
  /** Undefined at level `info`. */
  readonly #flush: TimedWork | undefined;
  readonly #options: StoreMetersOptions;
  readonly #sources: OpenedCursors[] = [];
  readonly #cursorMs: SampledValues | undefined;
  #noteHits: () => void = () => {};

  constructor(options: StoreMetersOptions) {
    const { metrics, clock, level, tags } = options;
    this.#options = options;
    const openCount = (): number => this.#sources.reduce((sum, one) => sum + one.openCount, 0);
    metrics.gauge("num-open-iterators", openCount, tags);
    metrics.gauge("oldest-iterator-open-since-ms", () => this.#oldestMs(), tags);
    if (!isRecorded("debug", level)) return;
    this.#flush = this.#timed("flush");
    this.#cursorMs = new SampledValues(clock);
    const names = { "iterator-duration-avg": "average", "iterator-duration-max": "most" } as const;
    showSampled(metrics, this.#cursorMs, names, tags);
  }

  add(source: OpenedCursors): void {
    this.#sources.push(source);
  }

  now(): Timestamp {
    return this.#options.clock.wallMs();
  }

  closed(openedMs: Timestamp): void {
    this.#cursorMs?.record(this.now() - openedMs);
  }

  /** Has the methods of a store measured: they are replaced, so that a store that is not measured has none of it. */
  measure(store: StateStore, operations: StoreOperations): void {
    const { level } = this.#options;
    if (!isRecorded("debug", level)) return;
    const noteAge = isRecorded("trace", level) ? this.#noteAge() : undefined;
    const works = new Map<StoreOperation, TimedWork>();
    for (const [name, operation] of Object.entries(operations)) {
      if (!(name in store)) continue;
      const work = works.get(operation) ?? this.#timed(operation);
      works.set(operation, work);
      const told = operation === "put" ? noteAge : undefined;
      replaceMethods(store, [name], (call) => {
        const beginMs = work.begin();
        const answer = call();
        work.end(beginMs);
        told?.();
        return answer;
      });
    }
  }

  /** Has measured what a store holds back (Kafka: `suppression-buffer-count`, `suppression-buffer-size`). */
  measureBuffer<Store extends StateStore>(store: Store, buffer: BufferSizes<Store>): void {
    const { metrics, clock, level, tags } = this.#options;
    if (!isRecorded("debug", level)) return;
    const [counts, bytes] = [new SampledValues(clock), new SampledValues(clock)];
    const names = (what: string) =>
      ({
        [`suppression-buffer-${what}-avg`]: "average",
        [`suppression-buffer-${what}-max`]: "most",
      }) as const;
    showSampled(metrics, counts, names("count"), tags);
    showSampled(metrics, bytes, names("size"), tags);
    replaceMethods(store, buffer.changedBy, (call) => {
      const answer = call();
      counts.record(buffer.count(store));
      bytes.record(buffer.bytes(store));
      return answer;
    });
  }

  /** Of a store with a cache: how much of what is asked for that has. */
  watchHits(hitRatio: () => number): void {
    const { metrics, clock, tags, level } = this.#options;
    if (!isRecorded("debug", level)) return;
    const ratios = new SampledValues(clock);
    const names = { "hit-ratio-min": "least", "hit-ratio-max": "most" } as const;
    showSampled(metrics, ratios, names, tags);
    this.#noteHits = () => ratios.record(hitRatio());
  }

  /** Writes out what the store's cache holds back. */
  flushed(flush: () => boolean): boolean {
    if (this.#flush === undefined) return flush();
    const beginMs = this.#flush.begin();
    const isDone = flush();
    this.#flush.end(beginMs);
    this.#noteHits();
    return isDone;
  }

  #oldestMs(): Timestamp {
    const times = this.#sources.flatMap(({ oldestMs }) => oldestMs ?? []);
    return times.length === 0 ? 0 : Math.min(...times);
  }

  /** Notes how old a record is that a store takes. */
  #noteAge(): () => void {
    const { metrics, clock, tags, context } = this.#options;
    const ages = new SampledValues(clock);
    const names = {
      "record-e2e-latency-avg": "average",
      "record-e2e-latency-min": "least",
      "record-e2e-latency-max": "most",
    } as const;
    showSampled(metrics, ages, names, tags);
    return () => ages.record(clock.wallMs() - context.timestamp);
  }

  #timed(name: string): TimedWork {
    const { clock, metrics, tags } = this.#options;
    return new TimedWork({ clock, metrics, tags, names: timedRates(name) });
  }
}

/** Of this one store. */
function replaceMethods(
  store: StateStore,
  names: readonly string[],
  around: (call: () => unknown) => unknown,
): void {
  for (const name of names) {
    const method: unknown = Reflect.get(store, name);
    if (typeof method !== "function") continue;
    const value = (...parts: unknown[]): unknown =>
      around(() => Reflect.apply(method, store, parts) as unknown);
    Object.defineProperty(store, name, { value });
  }
}
