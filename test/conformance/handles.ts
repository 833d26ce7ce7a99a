import type {
  GlobalKTable,
  KGroupedStream,
  KGroupedTable,
  KStream,
  KTable,
  TimeWindowedKStream,
} from "@millrace/streams";

import { asText, type JsonObject } from "./program.ts";
import { ArgumentError, typeOf, type TypeName } from "./values.ts";

export type Stream = KStream<unknown, unknown>;
export type Table = KTable<unknown, unknown>;
export type KnownTable = KTable<unknown, unknown, "known", "known">;
export type Groups = KGroupedStream<unknown, unknown>;
export type TableGroups = KGroupedTable<unknown, unknown>;

/** What a statement binds, with the types that flow through it. */
export interface Handle {
  readonly node:
    | TimeWindowedKStream<unknown, unknown>
    | Stream
    | Table
    | Groups
    | TableGroups
    | GlobalKTable<unknown, unknown>;
  readonly key: TypeName;
  readonly value: TypeName;
  /** Of what is aggregated from here: the type of its keys. */
  readonly windowed?: TypeName;
}

export interface Types {
  readonly key: TypeName;
  readonly value: TypeName;
}

export function asStream(handle: Handle): Stream {
  if (handle.node.kind === "stream") return handle.node;
  throw new ArgumentError("needs a stream");
}

export function typesOf(st: JsonObject): Types {
  return { key: typeOf(st["key"]), value: typeOf(st["value"]) };
}

export function named(st: JsonObject): { readonly name?: string } {
  return st["name"] === undefined ? {} : { name: asText(st["name"]) };
}
