import { deserializeWith, keyPlace, placeOf, type Serde, type SerdePlace } from "@millrace/serde";
import type { StoreSpecification } from "@millrace/state";

import type { ProducedRecord } from "./produced-record.ts";

const lengthMax = 100;

/** A value in a short line. */
export function textOf(value: unknown): string {
  const cut = typeof value === "string" ? value.slice(0, lengthMax + 1) : value;
  const own = ownText(cut);
  const text = typeof own === "string" && own !== cut ? own : (jsonOf(cut) ?? String(cut));
  return text.length > lengthMax ? `${text.slice(0, lengthMax)}…` : text;
}

/** Of what JSON has no good text for; else the value as it is. */
function ownText(value: unknown): unknown {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  return typeof value === "bigint" ? `${value}n` : value;
}

function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value, (_name, part: unknown) => ownText(part)) as string | undefined;
  } catch {
    return undefined; // it goes in circles, or will not be looked at
  }
}

export function entryText(key: unknown, value: unknown): string {
  return `${textOf(key)} = ${textOf(value)}`;
}

/** A key or a value, and where it stands. */
export interface RecordPart {
  readonly bytes: Uint8Array | null;
  readonly topic: string;
  readonly place: SerdePlace;
}

/** What the bytes say; the bytes themselves where the serde does not read them. */
export function readWith(serde: Serde<unknown>, { bytes, topic, place }: RecordPart): unknown {
  if (bytes === null) return null;
  try {
    return deserializeWith(serde, bytes, topic, place);
  } catch {
    return bytes;
  }
}

/** An entry of a store, as its changelog has it: Kafka's bytes, by the kind of the store. */
export function changelogEntryText(
  { kind, key: keySerde, value: valueSerde }: StoreSpecification,
  { key, value, topic, headers }: ProducedRecord,
): string {
  const keyBytes = key ?? new Uint8Array(0);
  const keyText = (bytes: Uint8Array | null): string =>
    textOf(readWith(keySerde, { bytes, topic, place: keyPlace }));
  const place = placeOf("value", headers);
  const valueText = textOf(readWith(valueSerde, { bytes: value, topic, place }));
  switch (kind.name) {
    case "window":
    case "timestampedWindow": {
      const at = keyBytes.length - 12;
      const start = int64At(keyBytes, at);
      return `${keyText(keyBytes.subarray(0, Math.max(0, at)))} from ${start} = ${valueText}`;
    }
    case "session": {
      const at = keyBytes.length - 16;
      const [end, start] = [int64At(keyBytes, at), int64At(keyBytes, at + 8)];
      const text = keyText(keyBytes.subarray(0, Math.max(0, at)));
      return `${text} from ${start} to ${end} = ${valueText}`;
    }
    default:
      return `${keyText(key)} = ${valueText}`;
  }
}

function int64At(bytes: Uint8Array, position: number): string {
  if (position < 0 || position + 8 > bytes.length) return "?";
  return String(new DataView(bytes.buffer, bytes.byteOffset).getBigInt64(position));
}
