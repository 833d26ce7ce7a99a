import { fromHex, toHex } from "@millrace/model";

import type { AvroDuration } from "@millrace/serde-avro";

import { dateTimeText } from "../../packages/serde-avro/src/codec/date-text.ts";
import { branchNameOf, type AvroSchema } from "../../packages/serde-avro/src/schema/avro-schema.ts";
import {
  formOf,
  formOfValue,
  isWrapped,
  type ValueOptions,
} from "../../packages/serde-avro/src/codec/value-form.ts";

/** A value of ours as the facts have it: longs as texts, bytes in hex, a union's branch in an object that names it. */
export function showValue(schema: AvroSchema, value: unknown, options: ValueOptions): unknown {
  if (schema.logical !== undefined && options.logicalTypes !== "plain") {
    return showLogical(schema.logical.kind, value);
  }
  switch (schema.kind) {
    case "long":
      return `${value as bigint}`;
    case "float":
    case "double":
      return showReal(value as number);
    case "bytes":
    case "fixed":
      return toHex(value as Uint8Array);
    case "array":
      return (value as readonly unknown[]).map((item) => showValue(schema.items, item, options));
    case "map": {
      const entries = Object.entries(value as object).map(([name, inner]) => [
        name,
        showValue(schema.values, inner, options),
      ]);
      return Object.fromEntries(entries.sort());
    }
    case "record": {
      const members = value as Readonly<Record<string, unknown>>;
      return Object.fromEntries(
        schema.fields.map((field) => [
          field.name,
          showValue(field.schema, members[field.name], options),
        ]),
      );
    }
    case "union": {
      if (value === null) return null;
      const { branch, inner } = branchOf(schema.branches, isWrapped(schema, options), value);
      return { [branchNameOf(branch)]: showValue(branch, inner, options) };
    }
    default:
      return value;
  }

  function branchOf(
    branches: readonly AvroSchema[],
    isInObject: boolean,
    found: unknown,
  ): { readonly branch: AvroSchema; readonly inner: unknown } {
    const name = isInObject ? Object.keys(found as object)[0] : "";
    const form = formOfValue(found);
    const branch = branches.find((one) =>
      isInObject ? branchNameOf(one) === name : formOf(one, options) === form,
    );
    if (branch === undefined) throw new Error(`no branch for ${form} ${name}`);
    return { branch, inner: isInObject ? (found as Record<string, unknown>)[name] : found };
  }
}

/** As `java.time` prints it: no digits that say nothing, and no seconds where they are 0 but for instants. */
function showLogical(kind: string, value: unknown): unknown {
  if (kind === "timestamp-millis") return `${trimmed(dateTimeText(value as number, 1000))}Z`;
  if (kind === "duration") return durationHex(value as AvroDuration);
  if (kind === "decimal" || kind === "uuid" || kind === "date") return value;
  const text = trimmed(value as string);
  return kind.startsWith("timestamp") ? text : text.replace(/(T?\d\d:\d\d):00$/, "$1");
}

/** Java has no value of its own for it. */
function durationHex({ months, days, milliseconds }: AvroDuration): string {
  return toHex(new Uint8Array(Uint32Array.of(months, days, milliseconds).buffer));
}

function trimmed(text: string): string {
  return text.replace(/\.(\d+)/, (_match, digits: string) => {
    const groups = digits.match(/\d{3}/g) ?? [];
    while (groups.at(-1) === "000") groups.pop();
    return groups.length === 0 ? "" : `.${groups.join("")}`;
  });
}

function showReal(value: number): number | string {
  if (Object.is(value, -0)) return "-0";
  return Number.isFinite(value) ? value : `${value}`;
}

/** A value of the facts as ours. */
export function readValue(schema: AvroSchema, value: unknown, options: ValueOptions): unknown {
  switch (schema.kind) {
    case "long":
      return BigInt(value as string);
    case "float":
    case "double":
      return Number(value);
    case "bytes":
    case "fixed":
      return fromHex(value as string);
    case "array":
      return (value as readonly unknown[]).map((item) => readValue(schema.items, item, options));
    case "map":
      return Object.fromEntries(
        Object.entries(value as object).map(([name, inner]) => [
          name,
          readValue(schema.values, inner, options),
        ]),
      );
    case "record": {
      const members = value as Readonly<Record<string, unknown>>;
      return Object.fromEntries(
        schema.fields.map(({ name, schema: own }) => [
          name,
          readValue(own, members[name], options),
        ]),
      );
    }
    case "union": {
      if (value === null) return null;
      const [[name, inner]] = Object.entries(value as object);
      const branch = schema.branches.find((one) => branchNameOf(one) === name);
      if (branch === undefined) throw new Error(`no branch ${name}`);
      const own = readValue(branch, inner, options);
      return isWrapped(schema, options) ? { [name]: own } : own;
    }
    default:
      return value;
  }
}
