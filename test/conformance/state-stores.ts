import {
  keyValueStore,
  lruStore,
  sessionStore,
  timestampedKeyValueStore,
  versionedKeyValueStore,
  windowStore,
  type StateStore,
  type StoreSpecification,
} from "@millrace/state";

import { asText, type JsonObject } from "./program.ts";
import { serdeOf, typeOf, type TypeName } from "./values.ts";

export interface StateStorePlan {
  readonly specification: StoreSpecification<StateStore>;
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
    // Versioned stores are persistent in Kafka, whatever is asked for.
    engine:
      st["type"] === "memory" && st["kind"] !== "versioned"
        ? ("memory" as const)
        : ("rocksdb" as const),
    caching: st["caching"] === true,
    logging: st["logging"] !== false,
  };
  return { ...types, specification: specify(st, options) };
}

function specify(
  st: JsonObject,
  options: Parameters<typeof keyValueStore<unknown, unknown>>[0],
): StoreSpecification {
  switch (st["kind"]) {
    case "window":
      return windowStore({
        ...options,
        windowSize: Number(st["size"]),
        retention: Number(st["retention"]),
        retainDuplicates: st["duplicates"] === true,
      });
    case "session":
      return sessionStore({ ...options, retention: Number(st["retention"]) });
    case "versioned":
      return versionedKeyValueStore({
        ...options,
        historyRetention: Number(st["history"]),
        ...(st["segment"] === undefined ? {} : { segmentInterval: Number(st["segment"]) }),
      });
    default:
      if (st["entries"] !== undefined)
        return lruStore({ ...options, entriesMax: Number(st["entries"]) });
      return st["timestamped"] === true
        ? timestampedKeyValueStore(options)
        : keyValueStore(options);
  }
}
