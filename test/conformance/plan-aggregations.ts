import {
  hopping,
  tumbling,
  unlimited,
  type StoreOptions,
  type TimeWindows,
} from "@millrace/streams";

import { aggregator, initial } from "./functions.ts";
import {
  named,
  type Groups,
  type Handle,
  type Table,
  type TableGroups,
  type Types,
} from "./handles.ts";
import { asObject, type Json, type JsonObject } from "./program.ts";
import { ArgumentError, lift, serdeOf, type TypeName } from "./values.ts";

/** How the table of a statement is kept; its types are noted for steps that read it. */
export type StoreOf = (st: JsonObject, types: Types) => StoreOptions;

/** `count`, `reduce` and `aggregate` of grouped streams, of their windows, and of grouped tables. */
export function planAggregation(st: JsonObject, on: Handle, storeOf: StoreOf): Handle {
  if (on.node.kind === "groupedTable") return ofTable(st, { on, groups: on.node }, storeOf);
  if (on.node.kind !== "groupedStream" && on.node.kind !== "timeWindowedStream")
    throw new ArgumentError("needs groups");
  return ofStream(st, { on, groups: on.node as Groups }, storeOf);
}

/** Groups in windows have the same methods. */
function ofStream(
  st: JsonObject,
  { on, groups }: { readonly on: Handle; readonly groups: Groups },
  storeOf: StoreOf,
): Handle {
  const key = on.windowed ?? on.key;
  const made = (node: unknown, value: TypeName): Handle => ({ node: node as Table, key, value });
  const kept = (value: TypeName) => ({ ...named(st), store: storeOf(st, { key: on.key, value }) });
  if (st["op"] === "count") return made(groups.count(kept("int64")), "int64");
  const fn = aggregator(st["fn"]);
  if (st["op"] === "reduce") {
    const reduce = (a: unknown, v: unknown): unknown =>
      fn(null, lift(v, on.value), lift(a, on.value));
    return made(groups.reduce(reduce, kept(on.value)), on.value);
  }
  const { type, value: start } = initial(st["init"]);
  const fold = (a: unknown, v: unknown, k: unknown): unknown => fn(k, lift(v, on.value), a ?? null);
  const options = { ...kept(type), value: serdeOf(type) };
  return made(
    groups.aggregate(() => start, fold, options),
    type,
  );
}

function ofTable(
  st: JsonObject,
  { on, groups }: { readonly on: Handle; readonly groups: TableGroups },
  storeOf: StoreOf,
): Handle {
  const made = (node: unknown, value: TypeName): Handle => ({
    node: node as Table,
    key: on.key,
    value,
  });
  const kept = (value: TypeName) => ({ ...named(st), store: storeOf(st, { key: on.key, value }) });
  if (st["op"] === "count") return made(groups.count(kept("int64")), "int64");
  const fold = (fn: Json | undefined) => {
    const combine = aggregator(fn);
    return (a: unknown, v: unknown, k: unknown): unknown =>
      combine(st["op"] === "reduce" ? null : k, lift(v, on.value), a ?? null);
  };
  const folds = { adder: fold(st["fn"]), subtractor: fold(st["subtract"]) };
  if (st["op"] === "reduce") {
    const lifted = (fn: typeof folds.adder) => (a: unknown, v: unknown, k: unknown) =>
      fn(lift(a, on.value), v, k);
    const reducers = { adder: lifted(folds.adder), subtractor: lifted(folds.subtractor) };
    return made(groups.reduce(reducers as never, kept(on.value)), on.value);
  }
  const { type, value: start } = initial(st["init"]);
  return made(
    groups.aggregate(() => start, folds, { ...kept(type), value: serdeOf(type) }),
    type,
  );
}

/** `windowedBy`. */
export function planWindows(st: JsonObject, on: Handle): Handle {
  if (on.node.kind !== "groupedStream") throw new ArgumentError("windowedBy needs groups");
  const windows = windowsOf(asObject(st["window"]));
  const windowed = on.node.windowedBy(windows);
  const { emit } = st;
  const node =
    emit === undefined
      ? windowed
      : windowed.emitStrategy(emit === "close" ? "onWindowClose" : "onWindowUpdate");
  return { ...on, node, windowed: { windowed: on.key, size: windows.sizeMs } };
}

function windowsOf({ kind, size, advance, grace, start }: JsonObject): TimeWindows {
  const options = grace === undefined ? {} : { grace: Number(grace) };
  switch (kind) {
    case "tumbling":
      return tumbling(Number(size), options);
    case "hopping":
      return hopping(Number(size), { ...options, advance: Number(advance ?? size) });
    case "unlimited":
      return unlimited(start === undefined ? {} : { startOn: Number(start) });
    default:
      throw new ArgumentError(`unknown windows ${String(kind)}`);
  }
}
