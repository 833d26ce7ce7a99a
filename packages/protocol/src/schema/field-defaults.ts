import { noBytes } from "@millrace/model";
import { zeroUuid } from "../wire/uuid.ts";
import type { Field, FieldOptions } from "./field.ts";

const emptyList: readonly never[] = Object.freeze([]);

export function isPresent({ since = 0, until = Infinity }: FieldOptions, version: number): boolean {
  return version >= since && version <= until;
}

export function isNullable({ nullable }: FieldOptions, version: number): boolean {
  return nullable === true || (nullable !== undefined && version >= nullable);
}

/** What stands for a field that is absent. Shared: never changed. */
export function defaultOf(field: Field): unknown {
  const given = field.options.default;
  if (given !== undefined) return Array.isArray(given) ? emptyList : given;
  switch (field.kind) {
    case "bool":
      return false;
    case "string":
      return "";
    case "uuid":
      return zeroUuid;
    case "bytes":
    case "records":
      return noBytes;
    case "array":
      return emptyList;
    case "struct":
      return Object.freeze(
        Object.fromEntries(
          Object.entries(field.fields ?? {}).map(([name, part]) => [name, defaultOf(part)]),
        ),
      );
    default:
      return 0;
  }
}

/** True if the value is the one that `defaultOf` gives, or not given at all. */
export function isDefault(field: Field, value: unknown): boolean {
  if (value === undefined) return true;
  const standard = field.options.default;
  if (standard === null || value === null) return value === standard;
  switch (field.kind) {
    case "array":
    case "bytes":
    case "records":
      return (value as ArrayLike<unknown>).length === 0;
    case "struct":
      return Object.entries(field.fields ?? {}).every(([name, part]) =>
        isDefault(part, (value as Record<string, unknown>)[name]),
      );
    default:
      return value === defaultOf(field);
  }
}
