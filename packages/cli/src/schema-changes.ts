import type { ParsedSchema } from "@millrace/schema-registry";

import { parseExact } from "./record-format.ts";

/** One thing in which two schemas differ, whether it breaks somebody or not. */
export interface SchemaChange {
  readonly kind: "added" | "removed" | "changed" | "reordered";
  /** Members by their names, such as `/fields/cents/default`. */
  readonly path: string;
  /** Absent where it is added. */
  readonly from?: unknown;
  /** Absent where it is removed. */
  readonly to?: unknown;
}

/** How long a value is shown. */
const shownMax = 160;

/**
 * All that two schemas of one format differ in, documentation and order included. Members of lists are told apart by what
 * names them: fields of Protobuf by number, other fields and types by name, texts by themselves.
 */
export async function schemaChanges(
  older: ParsedSchema,
  newer: ParsedSchema,
): Promise<readonly SchemaChange[]> {
  const [from, to] = await Promise.all([older, newer].map(outlineOf));
  return changes(from, to, "");
}

export function changeText({ kind, path, from, to }: SchemaChange): string {
  const values = [from, to].filter((value) => value !== undefined).map(shownValue);
  return `${kind}: ${path === "" ? "the schema" : path}: ${values.join(" → ")}`;
}

function shownValue(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > shownMax ? `${text.slice(0, shownMax)}…` : text;
}

/** A schema as JSON could hold it. */
async function outlineOf(schema: ParsedSchema): Promise<unknown> {
  if (schema.schemaType !== "PROTOBUF")
    return parseExact(schema.schemaType === "AVRO" ? schema.formatted("resolved") : schema.text);
  const { ProtobufSchema } = await import("@millrace/serde-protobuf");
  if (!(schema instanceof ProtobufSchema)) return schema.text;
  const text = JSON.stringify(schema.file, (key, value: unknown) =>
    key === "line" || (Array.isArray(value) && value.length === 0) ? undefined : value,
  );
  return JSON.parse(text);
}

function changes(from: unknown, to: unknown, path: string): readonly SchemaChange[] {
  if (JSON.stringify(from) === JSON.stringify(to)) return [];
  if (from === undefined) return [{ kind: "added", path, to }];
  if (to === undefined) return [{ kind: "removed", path, from }];
  const [older, newer] = [membersOf(from), membersOf(to)];
  if (older === undefined || newer === undefined || Array.isArray(from) !== Array.isArray(to))
    return [{ kind: "changed", path, from, to }];
  const names = [...new Set([...older.keys(), ...newer.keys()])];
  const found = names.flatMap((name) => {
    const named = Array.isArray(from) ? (nameOf(newer.get(name)) ?? nameOf(older.get(name))) : name;
    const label = named ?? name;
    return changes(older.get(name), newer.get(name), `${path}/${label}`);
  });
  if (!Array.isArray(from)) return found;
  const before = [...older.keys()].filter((name) => newer.has(name));
  const after = [...newer.keys()].filter((name) => older.has(name));
  if (before.join("\n") === after.join("\n")) return found;
  return [...found, { kind: "reordered", path, from: before, to: after }];
}

/** What a list or an object holds, by what tells it apart; undefined: it is one value, as exact numbers are. */
function membersOf(value: unknown): ReadonlyMap<string, unknown> | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (!Array.isArray(value))
    return Object.getPrototypeOf(value) === null ? undefined : new Map(Object.entries(value));
  const members = new Map<string, unknown>();
  for (const [index, member] of value.entries()) {
    const key = keyOf(member) ?? String(index);
    members.set(members.has(key) ? `${key} (${index})` : key, member);
  }
  return members;
}

function keyOf(member: unknown): string | undefined {
  if (typeof member !== "object" || member === null) return JSON.stringify(member);
  const { number, path } = member as { readonly number?: unknown; readonly path?: unknown };
  if (typeof number === "number") return `number ${number}`;
  return nameOf(member) ?? (typeof path === "string" ? path : undefined);
}

function nameOf(member: unknown): string | undefined {
  if (typeof member !== "object" || member === null) return undefined;
  const { name } = member as { readonly name?: unknown };
  return typeof name === "string" ? name : undefined;
}
