import {
  hopping,
  session,
  sliding,
  tumbling,
  unlimited,
  type AnyWindows,
  type CogroupedKStream,
  type SessionWindowedKStream,
  type StoreOptions,
} from "@millrace/streams";

import { aggregator, initial, merger } from "./functions.ts";
import {
  named,
  type Cogroups,
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
  if (on.node.kind === "cogroups") return ofCogroups(st, { on, groups: on.node }, storeOf);
  if (
    on.node.kind !== "groupedStream" &&
    on.node.kind !== "timeWindowedStream" &&
    on.node.kind !== "sessionWindowedStream"
  )
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
  if (on.node.kind === "sessionWindowedStream") {
    const sessions: SessionWindowedKStream<unknown, unknown> = on.node;
    const callbacks = { aggregator: fold, merger: mergerOf(st) };
    return made(
      sessions.aggregate(() => start, callbacks, options),
      type,
    );
  }
  return made(
    groups.aggregate(() => start, fold, options),
    type,
  );
}

function mergerOf(st: JsonObject): (left: unknown, right: unknown, key: unknown) => unknown {
  const fn = merger(st["merge"]);
  return (left, right) => fn(left ?? null, right ?? null);
}

/** `cogroup`: of groups, or of what was cogrouped already. */
export function planCogroup(st: JsonObject, on: Handle, other: Handle | undefined): Handle {
  const { fn } = st;
  if (other === undefined) {
    if (on.node.kind !== "groupedStream") throw new ArgumentError("cogroup needs groups");
    return { ...on, node: { kind: "cogroups", parts: [{ on, fn }], windows: undefined } };
  }
  if (on.node.kind !== "cogroups") throw new ArgumentError("needs what was cogrouped");
  return { ...on, node: { ...on.node, parts: [...on.node.parts, { on: other, fn }] } };
}

function ofCogroups(
  st: JsonObject,
  { on, groups }: { readonly on: Handle; readonly groups: Cogroups },
  storeOf: StoreOf,
): Handle {
  const { type, value: start } = initial(st["init"]);
  const options = { ...named(st), store: storeOf(st, { key: on.key, value: type }) };
  const [first, ...others] = groups.parts.map((part) => {
    const fn = aggregator(part.fn);
    const fold = (a: unknown, v: unknown, k: unknown): unknown =>
      fn(k, lift(v, part.on.value), a ?? null);
    return { groups: part.on.node as Groups, fold };
  });
  let cogrouped: CogroupedKStream<unknown, unknown> = first.groups.cogroup(first.fold, {
    value: serdeOf(type),
  });
  for (const part of others) cogrouped = cogrouped.cogroup(part.groups, part.fold);
  const init = (): unknown => start;
  const { windows } = groups;
  const node =
    windows === undefined
      ? cogrouped.aggregate(init, options)
      : windows.kind === "session"
        ? cogrouped.windowedBy(windows).aggregate(init, mergerOf(st), options)
        : cogrouped.windowedBy(windows).aggregate(init, options);
  return { node: node as Table, key: on.windowed ?? on.key, value: type };
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
  const windows = windowsOf(asObject(st["window"]));
  const windowed: TypeName =
    windows.kind === "session" ? { session: on.key } : { windowed: on.key, size: windows.sizeMs };
  if (on.node.kind === "cogroups") return { ...on, node: { ...on.node, windows }, windowed };
  if (on.node.kind !== "groupedStream") throw new ArgumentError("windowedBy needs groups");
  const { emit } = st;
  const strategy = emit === "close" ? "onWindowClose" : "onWindowUpdate";
  if (windows.kind === "session") {
    const node = on.node.windowedBy(windows);
    return { ...on, node: emit === undefined ? node : node.emitStrategy(strategy), windowed };
  }
  const node = on.node.windowedBy(windows);
  return { ...on, node: emit === undefined ? node : node.emitStrategy(strategy), windowed };
}

function windowsOf(json: JsonObject): AnyWindows {
  const { kind, size, advance, grace, start, gap, difference } = json;
  const options = grace === undefined ? {} : { grace: Number(grace) };
  switch (kind) {
    case "tumbling":
      return tumbling(Number(size), options);
    case "hopping":
      return hopping(Number(size), { ...options, advance: Number(advance ?? size) });
    case "unlimited":
      return unlimited(start === undefined ? {} : { startOn: Number(start) });
    case "sliding":
      return sliding(Number(difference), options);
    case "session":
      return session(Number(gap), options);
    default:
      throw new ArgumentError(`unknown windows ${String(kind)}`);
  }
}
