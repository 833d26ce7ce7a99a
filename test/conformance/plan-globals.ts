import type { KeyValueStore } from "@millrace/state";
import type { GlobalKTable, KStream, StreamsBuilder } from "@millrace/streams";

import { mapper, timestamps } from "./functions.ts";
import { joiner } from "./joiners.ts";
import { noteStore, type ProcessorWorld } from "./plan-nodes.ts";
import type { Handle, Types } from "./handles.ts";
import { asObject, asText, textOrUndefined, type Json, type JsonObject } from "./program.ts";
import { lift, serdeOf } from "./values.ts";

type GlobalTable = GlobalKTable<unknown, unknown>;

/** `globalTable`. */
export function globalTable(st: JsonObject, types: Types, builder: StreamsBuilder): GlobalTable {
  const { name, caching, type } = asObject(st["store"]);
  const store = {
    ...(name === undefined ? {} : { name: asText(name) }),
    ...(caching === undefined ? {} : { caching: caching === true }),
    ...(type === undefined ? {} : { engine: engineOf(type) }),
  };
  return builder.globalTable(asText(st["topic"]), {
    ...reading(st, types),
    ...(st["store"] === undefined ? {} : { store }),
  }) as GlobalTable;
}

/** `globalStore`, with the processor `put`. */
export function globalStore(
  st: JsonObject,
  types: Types,
  { builder, world }: { readonly builder: StreamsBuilder; readonly world: ProcessorWorld },
): void {
  const plan = noteStore({ ...asObject(st["store"]), key: st["key"], value: st["value"] }, world);
  builder.addGlobalStore(plan.specification, asText(st["topic"]), {
    ...reading(st, types),
    process: ({ key, value }, { store }) => {
      if (key !== null) (store as KeyValueStore<unknown, unknown>).put(key, value ?? null);
    },
  });
}

/** A stream's join with a global table. */
export function joinGlobally(
  st: JsonObject,
  { on, other }: { readonly on: Handle; readonly other: Handle },
): Handle {
  const stream = on.node as KStream<unknown, unknown>;
  const table = other.node as GlobalTable;
  const fn = joiner(st["fn"], on.value, other.value);
  const selector = mapper(st["key"], on.key, on.value);
  const join = (left: unknown, right: unknown, key: unknown): unknown =>
    fn.of(key, lift(left, on.value), lift(right, other.value));
  const name = textOrUndefined(st["name"]);
  const options = {
    keySelector: (value: unknown, key: unknown) => selector.of(key, lift(value, on.value)),
    ...(name === undefined ? {} : { name }),
  };
  const node =
    st["op"] === "join" ? stream.join(table, join, options) : stream.leftJoin(table, join, options);
  return { node: node as Handle["node"], key: on.key, value: fn.type };
}

function engineOf(type: Json): "memory" | "rocksdb" {
  return type === "memory" ? "memory" : "rocksdb";
}

function reading(st: JsonObject, { key, value }: Types) {
  const name = textOrUndefined(st["name"]);
  const extractor = timestamps(st["timestamps"]);
  return {
    key: serdeOf(key),
    value: serdeOf(value),
    ...(name === undefined ? {} : { name }),
    ...(extractor === undefined ? {} : { timestampExtractor: extractor }),
  };
}
