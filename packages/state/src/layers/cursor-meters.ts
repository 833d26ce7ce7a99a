import type { Timestamp } from "@millrace/model";
import {
  isRecorded,
  SampledValues,
  showSampled,
  type Clock,
  type Metrics,
  type MetricTags,
  type RecordingLevel,
} from "@millrace/platform";
import type { CursorWatch, OpenedCursors } from "../contract/cursor-watch.ts";

export interface CursorMetersOptions {
  readonly metrics: Pick<Metrics, "gauge">;
  readonly clock: Clock;
  readonly level: RecordingLevel;
  readonly tags: MetricTags;
}

/** The cursors of a store: how many are open, since when, and at level `debug` for how long each was. */
export class CursorMeters implements Pick<CursorWatch, "add" | "now" | "closed"> {
  readonly #clock: Clock;
  readonly #sources: OpenedCursors[] = [];
  readonly #cursorMs: SampledValues | undefined;

  constructor({ metrics, clock, level, tags }: CursorMetersOptions) {
    this.#clock = clock;
    const openCount = (): number => this.#sources.reduce((sum, one) => sum + one.openCount, 0);
    metrics.gauge("num-open-iterators", openCount, tags);
    metrics.gauge("oldest-iterator-open-since-ms", () => this.#oldestMs(), tags);
    if (!isRecorded("debug", level)) return;
    this.#cursorMs = new SampledValues(clock);
    const names = { "iterator-duration-avg": "average", "iterator-duration-max": "most" } as const;
    showSampled(metrics, this.#cursorMs, names, tags);
  }

  add(source: OpenedCursors): void {
    this.#sources.push(source);
  }

  now(): Timestamp {
    return this.#clock.wallMs();
  }

  closed(openedMs: Timestamp): void {
    this.#cursorMs?.record(this.now() - openedMs);
  }

  #oldestMs(): Timestamp {
    const times = this.#sources.flatMap(({ oldestMs }) => oldestMs ?? []);
    return times.length === 0 ? 0 : Math.min(...times);
  }
}
