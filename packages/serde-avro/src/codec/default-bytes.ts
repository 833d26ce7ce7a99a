import { noBytes } from "@millrace/model";

import type { AvroField, AvroSchema } from "../schema/avro-schema.ts";
import { checkDefault } from "../schema/check-default.ts";
import { isJsonArray, isJsonObject, jsonDouble, jsonInteger, type Json } from "../schema/json.ts";
import { mismatch, WriteCursor } from "./write-cursor.ts";

/** The default that a value may rely on: one that does not fit is of a registry that did not check. */
export function usableDefault(field: AvroField): Json | undefined {
  const given = field.default;
  const fits = given !== undefined && checkDefault(field.schema, given) === undefined;
  return fits ? given : undefined;
}

/** The bytes of a default: of a union the first branch that it fits. */
export function defaultBytes(schema: AvroSchema, given: Json): Uint8Array {
  return new WriteCursor().collect(noBytes, (cursor) => putDefault(cursor, schema, given), given);
}

function putDefault(cursor: WriteCursor, schema: AvroSchema, given: Json): void {
  switch (schema.kind) {
    case "union": {
      const index = schema.branches.findIndex(
        (branch) => checkDefault(branch, given) === undefined,
      );
      if (index < 0) throw mismatch();
      cursor.putInt(index);
      putDefault(cursor, schema.branches[index], given);
      return;
    }
    case "array":
      putItems(cursor, isJsonArray(given) ? given : [], (item) =>
        putDefault(cursor, schema.items, item),
      );
      return;
    case "map":
      putItems(cursor, isJsonObject(given) ? Object.entries(given) : [], ([name, value]) => {
        cursor.putString(name);
        putDefault(cursor, schema.values, value);
      });
      return;
    case "record":
      for (const field of schema.fields) {
        const own =
          isJsonObject(given) && Object.hasOwn(given, field.name) ? given[field.name] : undefined;
        putDefault(cursor, field.schema, own ?? (own === null ? null : (field.default ?? null)));
      }
      return;
    case "enum":
      cursor.putInt(schema.symbols.indexOf(`${given as string}`));
      return;
    case "fixed":
      cursor.putFixed(latin1(given), schema.size);
      return;
    default:
      putPrimitive(cursor, schema.kind, given);
  }
}

function putPrimitive(cursor: WriteCursor, kind: AvroSchema["kind"], given: Json): void {
  switch (kind) {
    case "null":
      return;
    case "boolean":
      cursor.putBoolean(given);
      return;
    case "int":
      cursor.putInt(Number(jsonInteger(given)));
      return;
    case "long":
      cursor.putBigint(jsonInteger(given));
      return;
    case "float":
      cursor.writeFloat(jsonDouble(given) ?? Number(given));
      return;
    case "double":
      cursor.putDouble(jsonDouble(given) ?? Number(given));
      return;
    case "bytes":
      cursor.putBytes(latin1(given));
      return;
    default:
      cursor.putString(given);
  }
}

function putItems<Item>(
  cursor: WriteCursor,
  items: readonly Item[],
  put: (item: Item) => void,
): void {
  if (items.length > 0) cursor.putInt(items.length);
  for (const item of items) put(item);
  cursor.putInt(0);
}

/** A default's bytes stand as letters. */
function latin1(given: Json): Uint8Array {
  return Uint8Array.from(`${given as string}`, (letter) => letter.charCodeAt(0));
}
