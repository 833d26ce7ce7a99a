import {
  keyValueStore,
  timestampedKeyValueStore,
  type StateStore,
  type StoreSpecification,
} from "@millrace/state";

import { asObject, asText, type JsonObject } from "./program.ts";
import { serdeOf, typeOf, type TypeName } from "./values.ts";

export interface StateStorePlan {
  readonly specification: StoreSpecification<StateStore>;
  readonly isTimestamped: boolean;
  readonly key: TypeName;
  readonly value: TypeName;
}

/** The store of a `stateStore` statement. */
export function stateStorePlan(st: JsonObject): StateStorePlan {
  const types = { key: typeOf(st["key"]), value: typeOf(st["value"]) };
  const options = {
    name: asText(st["name"]),
    key: serdeOf(types.key),
    value: serdeOf(types.value),
    engine: st["type"] === "memory" ? ("memory" as const) : ("rocksdb" as const),
    caching: st["caching"] === true,
    logging: st["logging"] !== false,
  };
  const isTimestamped = st["timestamped"] === true;
  const specification = isTimestamped ? timestampedKeyValueStore(options) : keyValueStore(options);
  return { ...types, specification, isTimestamped };
}

/** What kind of store a statement, or the store that its processor brings along, asks for beyond key-value stores. */
export function specialStore(st: JsonObject): string | undefined {
  const provided = asObject(asObject(st["processor"])["provide"]);
  const global = st["op"] === "globalStore" ? asObject(st["store"]) : {};
  for (const { op, kind, entries } of [st, provided, global]) {
    const isStore = op === undefined || op === "stateStore" || op === "addReadOnlyStore";
    if (isStore && entries !== undefined) return "lru";
    if (isStore && kind !== undefined && kind !== "keyValue") return asText(kind);
  }
  return undefined;
}
