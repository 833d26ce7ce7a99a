import { concatBytes, noHeaders } from "@millrace/model";
import {
  composedOf,
  deserializeWith,
  placeOf,
  serializeWith,
  valuePlace,
  type Serde,
} from "@millrace/serde";

/** A change of a table as it goes through a repartition topic. */
export interface ChangedValue {
  readonly newValue: unknown;
  readonly oldValue: unknown;
}

const onlyOld = 0;
const onlyNew = 1;
const both = 2;
/** The same three with a byte before the last that tells whether the change is the latest of its key. */
const olderFormat = 3;

/**
 * Kafka's bytes of a change (`ChangedSerializer`): the values that are there, and a last byte that says which; of two,
 * the length of the new one comes first. Headers are the change's, not of one of its values.
 */
export function changedSerde(inner: Serde<unknown>): Serde<unknown> {
  return {
    name: `changed(${inner.name})`,
    isNullable: false,
    ...composedOf(inner),
    serialize: (change, topic, { part } = valuePlace) => {
      const place = placeOf(part, noHeaders);
      const { newValue, oldValue } = change as ChangedValue;
      const next = isThere(newValue) ? serializeWith(inner, newValue, topic, place) : undefined;
      const old = isThere(oldValue) ? serializeWith(inner, oldValue, topic, place) : undefined;
      if (next !== undefined && old !== undefined)
        return joined([varintOf(next.length), next, old], both);
      return next === undefined
        ? joined(old === undefined ? [] : [old], onlyOld)
        : joined([next], onlyNew);
    },
    deserialize: (bytes, topic, { part } = valuePlace) => {
      const place = placeOf(part, noHeaders);
      const { next, old } = partsOf(bytes);
      return {
        newValue: next === undefined ? null : deserializeWith(inner, next, topic, place),
        oldValue: old === undefined ? null : deserializeWith(inner, old, topic, place),
      };
    },
  };
}

function isThere(value: unknown): value is {} {
  return value !== null && value !== undefined;
}

function joined(parts: readonly Uint8Array[], flag: number): Uint8Array {
  return concatBytes(...parts, Uint8Array.of(flag));
}

function partsOf(bytes: Uint8Array): { readonly next?: Uint8Array; readonly old?: Uint8Array } {
  const flag = bytes.at(-1) ?? -1;
  const isTold = flag >= olderFormat;
  const end = bytes.length - (isTold ? 2 : 1);
  const kind = isTold ? flag - olderFormat : flag;
  if (end < 0 || kind < onlyOld || kind > both)
    throw new RangeError(`a change of a table ends in ${flag}; 0 to 5 are known`);
  if (kind === onlyOld) return { old: bytes.subarray(0, end) };
  if (kind === onlyNew) return { next: bytes.subarray(0, end) };
  const { value: length, end: start } = readVarint(bytes);
  if (length < 0 || start + length > end)
    throw new RangeError(
      `the new value of a change has ${length} bytes, but ${end - start} follow`,
    );
  return {
    next: bytes.subarray(start, start + length),
    old: bytes.subarray(start + length, end),
  };
}

/** Kafka's variable-length integer: zigzag, seven bits a byte, the lowest first. */
function varintOf(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value * 2;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Uint8Array.from([...bytes, rest]);
}

function readVarint(bytes: Uint8Array): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let end = 0; end < Math.min(5, bytes.length); end++) {
    value += (bytes[end] & 0x7f) * 2 ** (7 * end);
    if (bytes[end] < 0x80) return { value: value % 2 === 0 ? value / 2 : -1, end: end + 1 };
  }
  return { value: -1, end: 0 };
}
