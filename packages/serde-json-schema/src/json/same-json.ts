import { decimalOf, isEqual, plainDecimal } from "./decimal.ts";
import { isArray, isNumber, isObject, type JsonValue } from "./json-value.ts";

/** Whether both are one value to JSON Schema: 1 and 1.0 are, and the order of members does not matter. */
export function isSameJson(one: JsonValue | undefined, other: JsonValue | undefined): boolean {
  if (one === other) return true;
  if (isNumber(one) && isNumber(other))
    return isEqual(decimalOf(one.digits), decimalOf(other.digits));
  if (isArray(one) && isArray(other))
    return one.length === other.length && one.every((item, i) => isSameJson(item, other[i]));
  if (!isObject(one) || !isObject(other) || one.size !== other.size) return false;
  return [...one].every(([name, value]) => other.has(name) && isSameJson(value, other.get(name)));
}

/** A text that two values have in common where they are one value to JSON Schema, and else not. */
export function identityOf(value: JsonValue): string {
  if (isNumber(value)) return plainDecimal(value.digits);
  if (isArray(value)) return `[${value.map(identityOf).join(",")}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const members = [...value].map(
    ([name, member]) => `${JSON.stringify(name)}:${identityOf(member)}`,
  );
  return `{${members.sort().join(",")}}`;
}
