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
import { CursorMeters } from "./cursor-meters.ts";
import { measureBuffer } from "./measure-buffer.ts";
import { replaceMethods } from "./replace-methods.ts";

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
  readonly #cursors: CursorMeters;
  #noteHits: () => void = () => {};

  constructor(options: StoreMetersOptions) {
    this.#options = options;
    this.#cursors = new CursorMeters(options);
    if (isRecorded("debug", options.level)) this.#flush = this.#timed("flush");
  }

  add(source: OpenedCursors): void {
    this.#cursors.add(source);
  }

  now(): Timestamp {
    return this.#cursors.now();
  }

  closed(openedMs: Timestamp): void {
    this.#cursors.closed(openedMs);
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

  /** Has measured what a store holds back. */
  measureBuffer<Store extends StateStore>(store: Store, buffer: BufferSizes<Store>): void {
    if (isRecorded("debug", this.#options.level)) measureBuffer(store, buffer, this.#options);
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
