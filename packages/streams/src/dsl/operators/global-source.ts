import type { Serde } from "@millrace/serde";

import type { TimestampExtractor } from "../../processor/timestamp-extractor.ts";
import type { SourceNode } from "../../topology/topology-node.ts";

interface GlobalSourceOptions {
  readonly key: Serde<unknown>;
  readonly value: Serde<unknown>;
  readonly timestampExtractor?: TimestampExtractor | undefined;
}

/** The source node of a global store: null values are its deletions. */
export function globalSource(
  name: string,
  topic: string,
  { key, value, timestampExtractor }: GlobalSourceOptions,
): Omit<SourceNode, "kind" | "parents"> {
  return {
    name,
    topics: [topic],
    pattern: undefined,
    keySerde: key,
    valueSerde: value,
    timestampExtractor,
    dropsNulls: false,
    offsetReset: undefined,
  };
}
