import type { Serde } from "@millrace/serde";

import type { PlanRecorder } from "../../plan/plan.ts";
import type { StreamSourcePlan } from "../../plan/plan-node.ts";
import type { TimestampExtractor } from "../../processor/timestamp-extractor.ts";
import type { OffsetReset } from "../../topology/offset-reset.ts";
import type { TopologyBuilder } from "../../topology/topology-builder.ts";
import { rawSerde } from "../../topology/raw-serde.ts";
import type { StreamNode } from "../stream-node.ts";

/** How records are read (Kafka: `Consumed`). */
export interface SourceOptions<K, V> {
  /** Default: bytes, or null. A record whose key is null is dropped and counted unless the serde is `optional`. */
  readonly key?: Serde<K>;
  /** Default: bytes, or null. A record whose value is null is dropped and counted unless the serde is `optional`. */
  readonly value?: Serde<V>;
  /** Name of the source in `describe()`. */
  readonly name?: string;
  /** Default: the record's own timestamp; one that is negative ends the task. */
  readonly timestampExtractor?: TimestampExtractor<K, V>;
  /**
   * Where a partition goes on that has no committed offset, or one that is not there any more. Default: as the
   * application says (`earliest`).
   */
  readonly offsetReset?: OffsetReset;
}

/**
 * Reads topics as a stream of records (Kafka: `StreamsBuilder.stream`). A pattern must match whole names.
 *
 * @example builder.stream("orders", { key: string(), value: json(Order) })
 */
export function stream(
  recorder: PlanRecorder,
  topics: string | readonly string[] | RegExp,
  options: SourceOptions<unknown, unknown> = {},
): StreamNode {
  const name = recorder.naming.nodeOr(options.name, "KSTREAM-SOURCE-");
  const keySerde: Serde<unknown> = options.key ?? rawSerde;
  const valueSerde: Serde<unknown> = options.value ?? rawSerde;
  const pattern = topics instanceof RegExp ? topics : undefined;
  const list =
    typeof topics === "string" ? [topics] : topics instanceof RegExp ? [] : [...new Set(topics)];
  const { timestampExtractor, offsetReset } = options;
  const plan: StreamSourcePlan = Object.freeze({
    kind: "streamSource",
    name,
    topics: list,
    pattern,
    offsetReset,
    lower: (topology: TopologyBuilder) =>
      topology.addSource({
        name,
        topics: list,
        pattern,
        keySerde,
        valueSerde,
        timestampExtractor,
        dropsNulls: true,
        offsetReset,
      }),
  });
  recorder.addSource(plan);
  return { recorder, plan, keySerde, valueSerde, needsRepartition: false, sources: [name] };
}
