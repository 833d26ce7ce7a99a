import type {
  AnyWindows,
  GlobalKTable,
  KGroupedStream,
  KGroupedTable,
  KStream,
  KTable,
  SessionWindowedKStream,
  TimeWindowedKStream,
} from "@millrace/streams";

import { asText, type Json, type JsonObject } from "./program.ts";
import { ArgumentError, typeOf, type TypeName } from "./values.ts";

export type Stream = KStream<unknown, unknown>;
export type Table = KTable<unknown, unknown>;
export type KnownTable = KTable<unknown, unknown, "known", "known">;
export type Groups = KGroupedStream<unknown, unknown>;
export type TableGroups = KGroupedTable<unknown, unknown>;

/** Cogrouped streams: what `aggregate` is to make of them, since it is only then that the aggregate's type is known. */
export interface Cogroups {
  readonly kind: "cogroups";
  readonly parts: readonly { readonly on: Handle; readonly fn: Json | undefined }[];
  readonly windows: AnyWindows | undefined;
}

/** What a statement binds, with the types that flow through it. */
export interface Handle {
  readonly node:
    | TimeWindowedKStream<unknown, unknown>
    | SessionWindowedKStream<unknown, unknown>
    | Cogroups
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
