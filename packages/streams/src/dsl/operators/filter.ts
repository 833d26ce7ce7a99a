import { requireSynchronous } from "../../processor/callback-result.ts";
import type { RecordInfo } from "../../processor/record-info.ts";
import type { NamedOptions, StreamNode } from "../stream-node.ts";
import { statelessOperator } from "./stateless-operator.ts";

/** Decides by value and key: what is truthy holds. A type guard narrows the stream's type. */
export type Predicate<K, V> = (value: V, key: K, record: RecordInfo) => unknown;

type AnyPredicate = Predicate<unknown, unknown>;

/** `KStream.filter`. */
export function filter(
  input: StreamNode,
  predicate: AnyPredicate,
  { name }: NamedOptions = {},
): StreamNode {
  return statelessOperator(input, {
    prefix: "KSTREAM-FILTER-",
    name,
    forwardsNewRecords: true,
    process: (record, context, info) => {
      if (requireSynchronous(predicate(record.value, record.key, info), "filter"))
        context.forward(record);
    },
  });
}

/** `KStream.filterNot`. */
export function filterNot(
  input: StreamNode,
  predicate: AnyPredicate,
  { name }: NamedOptions = {},
): StreamNode {
  return statelessOperator(input, {
    prefix: "KSTREAM-FILTER-",
    name,
    forwardsNewRecords: true,
    process: (record, context, info) => {
      if (!requireSynchronous(predicate(record.value, record.key, info), "filterNot"))
        context.forward(record);
    },
  });
}
