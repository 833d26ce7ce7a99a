import { requireSynchronous } from "../../processor/callback-result.ts";
import type { RecordInfo } from "../../processor/record-info.ts";
import type { NamedOptions, StreamNode } from "../stream-node.ts";
import { statelessOperator } from "./stateless-operator.ts";

/** Looks at a record. It must not change it: what was not mapped is written as it was read. */
export type RecordAction<K, V> = (value: V, key: K, record: RecordInfo) => void;

/** `KStream.peek`. */
export function peek(
  input: StreamNode,
  action: RecordAction<unknown, unknown>,
  { name }: NamedOptions = {},
): StreamNode {
  return statelessOperator(input, {
    prefix: "KSTREAM-PEEK-",
    name,
    forwardsNewRecords: true,
    process: (record, context, info) => {
      requireSynchronous(action(record.value, record.key, info), "peek");
      context.forward(record);
    },
  });
}

/** `KStream.foreach`. */
export function foreach(
  input: StreamNode,
  action: RecordAction<unknown, unknown>,
  { name }: NamedOptions = {},
): void {
  statelessOperator(input, {
    prefix: "KSTREAM-FOREACH-",
    name,
    process: (record, _context, info) => {
      requireSynchronous(action(record.value, record.key, info), "foreach");
    },
  });
}
