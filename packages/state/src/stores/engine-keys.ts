import { concatBytes, decodeUtf8, encodeUtf8, type Offset } from "@millrace/model";
import {
  timestampOf as readInt64,
  withTimestamp as int64Before,
} from "../bytes/timestamp-prefix.ts";
import { StateError } from "../contract/state-error.ts";

/**
 * What an engine knows about itself, under the prefix 0:
 *
 * | key | value |
 * |---|---|
 * | 0 0 1 | format version (2 bytes) |
 * | 0 0 2 name | store id (2), layout (1: that of its kind), span of a segment in ms where it has segments (8) |
 * | 0 0 3 id | offset below which the changelog is in the store (8) |
 * | 0 0 4 id | the changelog that the store was built from, as its owner names it |
 *
 * A store's entries lie under its id (2 bytes, from 1), which it keeps for good.
 */
export const formatVersion = 1;

export const versionKey = Uint8Array.of(0, 0, 1);
export const namePrefix = Uint8Array.of(0, 0, 2);
export const offsetPrefix = Uint8Array.of(0, 0, 3);
export const ownerPrefix = Uint8Array.of(0, 0, 4);

/** How a store lies in an engine. */
export interface StoredForm {
  /** Of its keys: its id. */
  readonly prefix: Uint8Array;
  readonly layout: number;
  /** Of a segment; 0: none, or not known. */
  readonly spanMs: number;
}

export function encodeForm({ prefix, layout, spanMs }: StoredForm): Uint8Array {
  const form = concatBytes(prefix, Uint8Array.of(layout));
  return spanMs === 0 ? form : concatBytes(form, int64(spanMs));
}

export function decodeForm(value: Uint8Array): StoredForm {
  return {
    prefix: Uint8Array.of(value[0], value[1]),
    layout: value[2],
    spanMs: value.length > 3 ? readInt64(value.subarray(3)) : 0,
  };
}

/** The changelog of a store; its topic's id is empty where it is not known. */
export interface StoreOwner {
  readonly changelog: string;
  readonly topicId: string;
}

export function encodeOwner({ changelog, topicId }: StoreOwner): Uint8Array {
  return encodeUtf8(`${changelog} ${topicId}`);
}

export function decodeOwner(value: Uint8Array): StoreOwner {
  const [changelog, topicId = ""] = decodeUtf8(value).split(" ");
  return { changelog, topicId };
}

export function nameKey(name: string): Uint8Array {
  return concatBytes(namePrefix, encodeUtf8(name));
}

export function nameOf(key: Uint8Array): string {
  return decodeUtf8(key.subarray(namePrefix.length));
}

export function requireKnownVersion(version: number): void {
  if (version > formatVersion)
    throw new StateError(
      "STORE_FORMAT_TOO_NEW",
      `the state folder has format ${version}, this version reads up to ${formatVersion}; run the newer version, or delete the folder so that it is restored from the changelogs`,
    );
}

export function int64(value: Offset): Uint8Array {
  return int64Before(new Uint8Array(0), value);
}

export function uint16(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value);
}

export function readUint16(bytes: Uint8Array, position: number): number {
  return (bytes[position] << 8) | bytes[position + 1];
}

export { readInt64 };
