import {
  choiceOption,
  durationOption,
  flagOption,
  numberOption,
  optionTable,
  readOptions,
  valueOption,
  type GivenOptions,
} from "@millrace/model";

import type { Position } from "./position.ts";

/** Says in which partition a key is, where its topic is not partitioned as Kafka's clients do. */
export type KeyPartitioner = (key: Uint8Array, partitionCount: number) => number;

export const queryOptionRows = {
  /** Which writes are seen: those that are committed, or also those that may be taken back. */
  isolation: choiceOption(["committed", "live"], {
    defaultText: "committed with exactly-once, else live",
  }),
  /** Of the partitions of the store, those that are asked. One: for whatever key; of several, the partition of a key must be one. A global store is asked whole. */
  partitions: valueOption<readonly number[]>(
    {
      allowed: "a list of partition numbers",
      accepts: (given) =>
        Array.isArray(given) && given.every((one) => Number.isSafeInteger(one) && one >= 0),
    },
    { defaultText: "all", kafka: "StateQueryRequest.withPartitions" },
  ),
  /** A copy that follows the changelog may answer where the active one does not. */
  standbys: flagOption({ byDefault: false, kafka: "StoreQueryParameters.enableStaleStores" }),
  /** Changes that such a copy may lack. */
  standbyLagMax: numberOption({ defaultText: "any number" }),
  /** Answers are awaited that have seen these records, by topic and partition: `{ orders: { 0: 41 } }`. The topics are those that the store's sub-topology reads: behind a repartition that is the repartition topic. */
  positionAtLeast: valueOption<Position>(
    {
      allowed: "offsets by topic and partition, such as { orders: { 0: 41 } }",
      accepts: isPosition,
    },
    { kafka: "StateQueryRequest.withPositionBound" },
  ),
  /** How long a query is tried again while tasks move, an instance does not answer, or a position is not reached. */
  timeout: durationOption({ byDefault: "10s" }),
  /** Nobody but this process is asked. */
  isLocal: flagOption({ byDefault: false }),
  /** Where keys are not in the partitions that Kafka's clients choose. */
  partitioner: valueOption<KeyPartitioner>({
    allowed: "a function of a key's bytes and the number of partitions",
    accepts: (given) => typeof given === "function",
  }),
  /** Ends queries, with its reason. */
  signal: valueOption<AbortSignal>({
    allowed: "an AbortSignal",
    accepts: (given) => given instanceof AbortSignal,
  }),
};

export const queryOptionTable = optionTable("app.store", queryOptionRows);

/** How a store is asked; durations are `"5s"` or milliseconds. */
export interface QueryOptions extends GivenOptions<typeof queryOptionRows> {}

export type QuerySettings = ReturnType<typeof querySettings>;

/** @throws OptionError `UNKNOWN_OPTION`, `INVALID_OPTION` */
export function querySettings(options: QueryOptions) {
  return readOptions(queryOptionTable, options);
}

function isPosition(given: unknown): given is Position {
  return (
    typeof given === "object" &&
    given !== null &&
    Object.values(given).every(
      (partitions: unknown) =>
        typeof partitions === "object" &&
        partitions !== null &&
        Object.values(partitions).every((offset) => Number.isSafeInteger(offset)),
    )
  );
}
