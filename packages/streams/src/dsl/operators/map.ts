import { requireRecord } from "../../processor/callback-result.ts";
import type { RecordInfo } from "../../processor/record-info.ts";
import type { NamedOptions, StreamNode } from "../stream-node.ts";
import { statelessOperator, type SerdesGiven } from "./stateless-operator.ts";

/** What `map` and `flatMap` make of a record. */
export interface KeyValue<K, V> {
  readonly key: K;
  readonly value: V;
}

export type KeyValueMapper<K, V, K2, V2> = (
  value: V,
  key: K,
  record: RecordInfo,
) => KeyValue<K2, V2>;

/** `KStream.map`. */
export function map(
  input: StreamNode,
  mapper: KeyValueMapper<unknown, unknown, unknown, unknown>,
  { name, ...serdes }: NamedOptions & SerdesGiven = {},
): StreamNode {
  return statelessOperator(input, {
    prefix: "KSTREAM-MAP-",
    name,
    serdes,
    changesKey: true,
    changesValue: true,
    process: (record, context, info) => {
      const { key, value } = requireRecord(mapper(record.value, record.key, info), "map");
      context.forward(record.withKeyAndValue(key, value));
    },
  });
}
