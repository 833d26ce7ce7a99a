import type { KeyValueStore, StoreCursor, ValueAndTimestamp } from "@millrace/state";

import type { Types } from "./plan-program.ts";
import { asList, type JsonObject } from "./program.ts";
import { decoded, lift, serdeOf, valueOf } from "./values.ts";

/** Answers a step that reads a store. */
export function queryStore(
  store: KeyValueStore<unknown, unknown>,
  types: Types,
  { step, isTimestamped }: { readonly step: JsonObject; readonly isTimestamped: boolean },
): readonly JsonObject[] {
  const entryOf = (found: unknown): JsonObject => {
    if (!isTimestamped) return { v: decoded(lift(found, types.value)) };
    const { value, timestamp } = found as ValueAndTimestamp<unknown>;
    return { v: decoded(lift(value, types.value)), ts: timestamp };
  };
  const list = (cursor: StoreCursor<unknown, unknown>): readonly JsonObject[] => {
    using entries = cursor;
    const result: JsonObject[] = [];
    while (entries.next()) result.push({ k: decoded(entries.key), ...entryOf(entries.value) });
    return result;
  };
  const isReverse = step["reverse"] === true;
  if (step["get"] !== undefined) {
    const found = store.get(valueOf(step["get"], types.key));
    return found === null ? [] : [entryOf(found)];
  }
  if (step["range"] !== undefined) {
    const [from, to] = asList(step["range"]).map((bound) => valueOf(bound, types.key));
    return list(isReverse ? store.reverseRange(from, to) : store.range(from, to));
  }
  if (step["prefix"] !== undefined) {
    const prefix = valueOf(step["prefix"], types.key);
    return list(store.prefixScan(prefix as object, serdeOf(types.key)));
  }
  return list(isReverse ? store.reverseAll() : store.all());
}
