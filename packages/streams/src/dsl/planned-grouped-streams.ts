import { shown } from "@millrace/model";
import type { Serde } from "@millrace/serde";

import { TopologyError } from "../error/topology-error.ts";
import type { Aggregator, AggregatorAndMerger, Merger } from "./fold.ts";
import { checked } from "./operator-options.ts";
import {
  aggregate,
  count,
  Grouping,
  reduce,
  topN,
  type AggregationOptions,
} from "./operators/aggregate.ts";
import type { ScoreOf } from "./operators/top-n/score.ts";
import { Cogrouping } from "./operators/cogroup.ts";
import type { GroupedNode, TableNode } from "./stream-node.ts";
import type {
  SessionWindowedCogroupedKStream,
  TimeWindowedCogroupedKStream,
} from "./types/cogrouped-streams.ts";
import type { CogroupedKStream, KGroupedStream } from "./types/k-grouped-stream.ts";
import type { CountWindowedKStream } from "./types/count-windowed-stream.ts";
import type { SessionWindowedKStream, TimeWindowedKStream } from "./types/windowed-streams.ts";
import { CountedGrouping, type CountedOptions } from "./windows/counted-by.ts";
import type { CountWindows } from "./windows/count-windows.ts";
import { WindowedGrouping, type EmitStrategy } from "./windows/windowed-by.ts";
import type { AnyWindows } from "./windows/windowing.ts";

type Any = unknown;
/** What stands for a table. */
type TableOf = (node: TableNode) => Any;
type ValueOption = { readonly value: Serde<Any> };

/** Each member of a public type, without its types: so that none is forgotten. */
type Erased<Members> = { readonly [Name in keyof Omit<Members, "carries">]: Any };

export class PlannedGroupedStream implements Erased<KGroupedStream<Any, Any>> {
  readonly kind = "groupedStream";
  readonly #grouping: Grouping;
  readonly #tableOf: TableOf;

  constructor(node: GroupedNode, tableOf: TableOf) {
    this.#grouping = new Grouping(node);
    this.#tableOf = tableOf;
  }

  static nodeOf(this: void, given: Any): GroupedNode {
    if (typeof given === "object" && given !== null && #grouping in given)
      return given.#grouping.node;
    throw new TopologyError(
      "FOREIGN_STREAM",
      `cogroup was given ${shown(given)}; give a grouped stream of the same StreamsBuilder`,
    );
  }

  windowedBy(
    windows: AnyWindows | CountWindows,
  ): PlannedTimeWindowedStream | PlannedSessionWindowedStream | PlannedCountWindowedStream {
    checked("windowedBy", {}, windows);
    if (windows.kind === "count")
      return new PlannedCountWindowedStream(
        new CountedGrouping(this.#grouping, windows),
        this.#tableOf,
      );
    const grouping = new WindowedGrouping(this.#grouping, windows);
    return windows.kind === "session"
      ? new PlannedSessionWindowedStream(grouping, this.#tableOf)
      : new PlannedTimeWindowedStream(grouping, this.#tableOf);
  }

  count(options?: AggregationOptions): Any {
    return this.#tableOf(count(this.#grouping, checked("count", options)));
  }

  reduce(reducer: Aggregator<Any, Any, Any>, options?: AggregationOptions): Any {
    return this.#tableOf(reduce(this.#grouping, reducer, checked("reduce", options, reducer)));
  }

  aggregate(
    init: () => Any,
    aggregator: Aggregator<Any, Any, Any>,
    options: AggregationOptions & ValueOption,
  ): Any {
    const given = checked("aggregate", options, init, aggregator);
    return this.#tableOf(aggregate(this.#grouping, { init, aggregator }, given));
  }

  topN(n: number, by: ScoreOf, options?: AggregationOptions): Any {
    const given = checked("topN", options, n, by);
    return this.#tableOf(topN(this.#grouping, { n, by }, given));
  }

  cogroup(aggregator: Aggregator<Any, Any, Any>, options: ValueOption): PlannedCogroupedStream {
    const { value } = checked("cogroup", options, aggregator);
    const groups = new Map([[this.#grouping.node, aggregator]]);
    return new PlannedCogroupedStream(new Cogrouping(value, groups), this.#tableOf);
  }
}

/** What streams in windows and in sessions have in common. */
abstract class PlannedWindowedStream {
  protected readonly grouping: WindowedGrouping;
  protected readonly tableOf: TableOf;

  constructor(grouping: WindowedGrouping, tableOf: TableOf) {
    this.grouping = grouping;
    this.tableOf = tableOf;
  }

  count(options?: AggregationOptions): Any {
    return this.tableOf(this.grouping.count(checked("count of windows", options)));
  }

  reduce(reducer: Aggregator<Any, Any, Any>, options?: AggregationOptions): Any {
    const given = checked("reduce of windows", options, reducer);
    return this.tableOf(this.grouping.reduce(reducer, given));
  }
}

class PlannedTimeWindowedStream
  extends PlannedWindowedStream
  implements Erased<TimeWindowedKStream<Any, Any>>
{
  readonly kind = "timeWindowedStream";

  emitStrategy(strategy: EmitStrategy): PlannedTimeWindowedStream {
    checked("emitStrategy", {}, strategy);
    return new PlannedTimeWindowedStream(this.grouping.emitting(strategy), this.tableOf);
  }

  aggregate(
    init: () => Any,
    aggregator: Aggregator<Any, Any, Any>,
    options: AggregationOptions & ValueOption,
  ): Any {
    const given = checked("aggregate of windows", options, init, aggregator);
    return this.tableOf(this.grouping.aggregate(init, { aggregator }, given));
  }

  topN(n: number, by: ScoreOf, options?: AggregationOptions): Any {
    return this.tableOf(this.grouping.topN(n, by, checked("topN of windows", options, n, by)));
  }
}

class PlannedSessionWindowedStream
  extends PlannedWindowedStream
  implements Erased<SessionWindowedKStream<Any, Any>>
{
  readonly kind = "sessionWindowedStream";

  emitStrategy(strategy: EmitStrategy): PlannedSessionWindowedStream {
    checked("emitStrategy", {}, strategy);
    return new PlannedSessionWindowedStream(this.grouping.emitting(strategy), this.tableOf);
  }

  aggregate(
    init: () => Any,
    callbacks: AggregatorAndMerger<Any, Any, Any>,
    options: AggregationOptions & ValueOption,
  ): Any {
    const given = checked("aggregate of sessions", options, init, callbacks);
    return this.tableOf(this.grouping.aggregate(init, callbacks, given));
  }
}

class PlannedCountWindowedStream implements Erased<CountWindowedKStream<Any, Any>> {
  readonly kind = "countWindowedStream";
  readonly #grouping: CountedGrouping;
  readonly #tableOf: TableOf;

  constructor(grouping: CountedGrouping, tableOf: TableOf) {
    this.#grouping = grouping;
    this.#tableOf = tableOf;
  }

  emitStrategy(strategy: EmitStrategy): PlannedCountWindowedStream {
    checked("emitStrategy", {}, strategy);
    return new PlannedCountWindowedStream(this.#grouping.emitting(strategy), this.#tableOf);
  }

  count(options?: CountedOptions): Any {
    return this.#tableOf(this.#grouping.count(checked("count of counted", options)));
  }

  reduce(reducer: Aggregator<Any, Any, Any>, options?: CountedOptions): Any {
    const given = checked("reduce of counted", options, reducer);
    return this.#tableOf(this.#grouping.reduce(reducer, given));
  }

  aggregate(
    init: () => Any,
    aggregator: Aggregator<Any, Any, Any>,
    options: CountedOptions & ValueOption,
  ): Any {
    const given = checked("aggregate of counted", options, init, aggregator);
    return this.#tableOf(this.#grouping.aggregate(init, aggregator, given));
  }
}

class PlannedCogroupedStream implements Erased<CogroupedKStream<Any, Any>> {
  readonly kind = "cogroupedStream";
  readonly #cogrouping: Cogrouping;
  readonly #tableOf: TableOf;

  constructor(cogrouping: Cogrouping, tableOf: TableOf) {
    this.#cogrouping = cogrouping;
    this.#tableOf = tableOf;
  }

  cogroup(grouped: Any, aggregator: Aggregator<Any, Any, Any>): PlannedCogroupedStream {
    checked("cogroup of another", {}, grouped, aggregator);
    const group = PlannedGroupedStream.nodeOf(grouped);
    return new PlannedCogroupedStream(this.#cogrouping.with(group, aggregator), this.#tableOf);
  }

  aggregate(init: () => Any, options?: AggregationOptions): Any {
    const given = checked("aggregate of cogrouped streams", options, init);
    return this.#tableOf(this.#cogrouping.aggregate({ init }, given));
  }

  windowedBy(windows: AnyWindows): PlannedTimeWindowedCogroup | PlannedSessionWindowedCogroup {
    checked("windowedBy of cogrouped streams", {}, windows);
    return windows.kind === "session"
      ? new PlannedSessionWindowedCogroup(this.#cogrouping, windows, this.#tableOf)
      : new PlannedTimeWindowedCogroup(this.#cogrouping, windows, this.#tableOf);
  }
}

class PlannedTimeWindowedCogroup implements Erased<TimeWindowedCogroupedKStream<Any, Any>> {
  readonly kind = "timeWindowedCogroupedStream";
  readonly #cogrouping: Cogrouping;
  readonly #windows: AnyWindows;
  readonly #tableOf: TableOf;

  constructor(cogrouping: Cogrouping, windows: AnyWindows, tableOf: TableOf) {
    this.#cogrouping = cogrouping;
    this.#windows = windows;
    this.#tableOf = tableOf;
  }

  aggregate(init: () => Any, options?: AggregationOptions): Any {
    const given = checked("aggregate of cogrouped windows", options, init);
    return this.#tableOf(this.#cogrouping.aggregate({ init, windows: this.#windows }, given));
  }
}

class PlannedSessionWindowedCogroup implements Erased<SessionWindowedCogroupedKStream<Any, Any>> {
  readonly kind = "sessionWindowedCogroupedStream";
  readonly #cogrouping: Cogrouping;
  readonly #windows: AnyWindows;
  readonly #tableOf: TableOf;

  constructor(cogrouping: Cogrouping, windows: AnyWindows, tableOf: TableOf) {
    this.#cogrouping = cogrouping;
    this.#windows = windows;
    this.#tableOf = tableOf;
  }

  aggregate(init: () => Any, merger: Merger<Any, Any>, options?: AggregationOptions): Any {
    const given = checked("aggregate of cogrouped sessions", options, init, merger);
    const windows = this.#windows;
    return this.#tableOf(this.#cogrouping.aggregate({ init, merger, windows }, given));
  }
}
