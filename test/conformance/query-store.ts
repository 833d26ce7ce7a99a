import type {
  KeyValueStore,
  ReadOnlySessionStore,
  ReadOnlyVersionedKeyValueStore,
  ReadOnlyWindowStore,
  StoreCursor,
  WindowedCursor,
} from "@millrace/state";
import type { TopologyTestDriver } from "@millrace/testing";

import type { Types } from "./handles.ts";
import { asList, type JsonObject } from "./program.ts";
import { decoded, lift, serdeOf, valueOf } from "./values.ts";

/** A step that reads a store, with the types that the program gives it. */
interface Query {
  readonly name: string;
  readonly types: Types;
  readonly step: JsonObject;
}

/** Answers a step that reads a store. */
export function queryStore(driver: TopologyTestDriver, query: Query): readonly JsonObject[] {
  const { name } = query;
  const kind = driver.specifications.find((store) => store.name === name)?.kind.name;
  switch (kind) {
    case "window":
    case "timestampedWindow":
    case "timestampedWindowWithHeaders":
      return queryWindows(driver.store<ReadOnlyWindowStore<unknown, unknown>>(name), query);
    case "session":
      return querySessions(driver.store<ReadOnlySessionStore<unknown, unknown>>(name), query);
    case "sessionWithHeaders": {
      // Kafka's reader gives values with headers, which the outcomes leave out.
      const store = driver.store<ReadOnlySessionStore<unknown, unknown>>(name);
      return querySessions(store, query).map(({ k, start, end }) => ({ k, start, end }));
    }
    case "versioned":
      return queryVersions(
        driver.store<ReadOnlyVersionedKeyValueStore<unknown, unknown>>(name),
        query,
      );
    default:
      return queryPairs(driver.store<KeyValueStore<unknown, unknown>>(name), query);
  }
}

function queryPairs(
  store: KeyValueStore<unknown, unknown>,
  { types, step }: Query,
): readonly JsonObject[] {
  const list = (cursor: StoreCursor<unknown, unknown>): readonly JsonObject[] => {
    using entries = cursor;
    const result: JsonObject[] = [];
    while (entries.next())
      result.push({ k: decoded(entries.key), ...entryOf(entries.value, types) });
    return result;
  };
  const isReverse = step["reverse"] === true;
  if (step["get"] !== undefined) {
    const found = store.get(valueOf(step["get"], types.key));
    return found === null ? [] : [entryOf(found, types)];
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

function queryWindows(
  store: ReadOnlyWindowStore<unknown, unknown>,
  { types, step }: Query,
): readonly JsonObject[] {
  const range = {
    from: Number(step["from"] ?? 0),
    to: Number(step["to"] ?? Infinity),
    reverse: step["reverse"] === true,
  };
  if (step["fetch"] !== undefined) {
    const rows = store.fetchRange(valueOf(step["fetch"], types.key), range);
    return Array.from(rows, ({ key, value }) => ({
      start: key.window.start,
      ...entryOf(value, types),
    }));
  }
  if (step["range"] === undefined) return windowsOf(store.fetchAll(range), types);
  const [from, to] = asList(step["range"]).map((bound) => valueOf(bound, types.key));
  return windowsOf(store.fetchKeys(from ?? null, to ?? null, range), types);
}

function querySessions(
  store: ReadOnlySessionStore<unknown, unknown>,
  { types, step }: Query,
): readonly JsonObject[] {
  const range = {
    earliestEnd: Number(step["from"] ?? 0),
    latestStart: Number(step["to"] ?? Infinity),
    reverse: step["reverse"] === true,
  };
  return windowsOf(store.findSessions(valueOf(step["fetch"], types.key), range), types);
}

function queryVersions(
  store: ReadOnlyVersionedKeyValueStore<unknown, unknown>,
  { types, step }: Query,
): readonly JsonObject[] {
  const asOf = step["asOf"] === undefined ? undefined : Number(step["asOf"]);
  const found = store.get(valueOf(step["get"], types.key), asOf);
  return found === null ? [] : [entryOf(found, types)];
}

function windowsOf(rows: WindowedCursor<unknown, unknown>, types: Types): readonly JsonObject[] {
  return Array.from(rows, ({ key, value }) => ({
    k: decoded(key.key),
    start: key.window.start,
    end: key.window.end,
    ...entryOf(value, types),
  }));
}

/** A value, or one with its timestamp. */
function entryOf(found: unknown, types: Types): JsonObject {
  if (typeof found !== "object" || found === null || !("timestamp" in found && "value" in found))
    return { v: decoded(lift(found, types.value)) };
  return { v: decoded(lift(found.value, types.value)), ts: Number(found.timestamp) };
}
