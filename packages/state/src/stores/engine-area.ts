import { concatBytes, decodeUtf8, encodeUtf8, invariant, type Offset } from "@millrace/model";
import { StateError } from "../contract/state-error.ts";
import type { EngineEntry, StoreEngine } from "../contract/store-engine.ts";
import { afterPrefix } from "../bytes/key-range.ts";
import {
  timestampOf as readInt64,
  withTimestamp as int64Before,
} from "../bytes/timestamp-prefix.ts";

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

const versionKey = Uint8Array.of(0, 0, 1);
const namePrefix = Uint8Array.of(0, 0, 2);
const offsetPrefix = Uint8Array.of(0, 0, 3);
const ownerPrefix = Uint8Array.of(0, 0, 4);

interface KnownStore {
  readonly prefix: Uint8Array;
  readonly layout: number;
  /** 0: none, or not known. */
  readonly spanMs: number;
}

export interface ClaimedStore {
  readonly prefix: Uint8Array;
  readonly isReset: boolean;
}

/** One engine as the stores of a task share it: their prefixes and changelog offsets. */
export class EngineArea {
  readonly engine: StoreEngine;
  readonly #stores = new Map<string, KnownStore>();
  readonly #offsets = new Map<string, Offset>();
  #greatestId = 0;

  /** @throws StateError `STORE_FORMAT_TOO_NEW` */
  constructor(engine: StoreEngine) {
    this.engine = engine;
    const version = engine.get(versionKey);
    if (version === null) engine.write([{ key: versionKey, value: uint16(formatVersion) }]);
    else requireKnownVersion(readUint16(version, 0));
    this.#readStores();
  }

  /**
   * The prefix of a store, made on first sight.
   *
   * @param spanMs of a segment; 0: there are none
   * @returns isReset: what was there was laid out otherwise and was deleted
   */
  claim(name: string, layout: number, spanMs: number): ClaimedStore {
    const known = this.#stores.get(name);
    if (known?.layout === layout && known.spanMs === spanMs)
      return { prefix: known.prefix, isReset: false };
    const prefix = known?.prefix ?? uint16(++this.#greatestId);
    // Of a store that an older version has written the span is not known.
    const isReset = known !== undefined && (known.layout !== layout || known.spanMs !== 0);
    if (isReset) this.wipe(name);
    const form = concatBytes(prefix, Uint8Array.of(layout));
    this.engine.write([
      { key: nameKey(name), value: spanMs === 0 ? form : concatBytes(form, int64(spanMs)) },
    ]);
    this.#stores.set(name, { prefix, layout, spanMs });
    return { prefix, isReset };
  }

  offsetOf(name: string): Offset | undefined {
    return this.#offsets.get(name);
  }

  /** Ties a store to a changelog. False: it was tied to another one, and what it held was deleted. */
  tie(name: string, changelog: string, topicId = ""): boolean {
    const key = concatBytes(ownerPrefix, this.#prefixOf(name));
    const bytes = this.engine.get(key);
    const [knownName, knownId = ""] = bytes === null ? [changelog] : decodeUtf8(bytes).split(" ");
    const isOwn =
      knownName === changelog && (knownId === topicId || knownId === "" || topicId === "");
    if (!isOwn) this.wipe(name);
    const id = topicId === "" && isOwn ? knownId : topicId;
    if (bytes === null || id !== knownId || !isOwn)
      this.engine.write([{ key, value: encodeUtf8(`${changelog} ${id}`) }]);
    return isOwn;
  }

  /** All or nothing: the writes, and the offsets that cover them. */
  commit(writes: EngineEntry[], offsets: readonly (readonly [string, Offset])[]): void {
    for (const [name, offset] of offsets)
      writes.push({ key: this.#offsetKey(name), value: int64(offset) });
    if (writes.length > 0) this.engine.write(writes);
    for (const [name, offset] of offsets) this.#offsets.set(name, offset);
  }

  /** Deletes a store's entries and its offset. The offset goes first. */
  wipe(name: string): void {
    const prefix = this.#prefixOf(name);
    const to = afterPrefix(prefix);
    invariant(to !== undefined, "STATE-9", "a task has fewer than 65,535 stores");
    this.engine.write([{ key: this.#offsetKey(name), value: null }]);
    this.#offsets.delete(name);
    this.engine.deleteRange(prefix, to);
  }

  #prefixOf(name: string): Uint8Array {
    return this.#stores.get(name)?.prefix ?? new Uint8Array(2);
  }

  #offsetKey(name: string): Uint8Array {
    return concatBytes(offsetPrefix, this.#prefixOf(name));
  }

  #readStores(): void {
    using entries = this.engine.scan({ from: namePrefix, to: offsetPrefix });
    while (entries.next()) {
      const name = decodeUtf8(entries.key.subarray(namePrefix.length));
      const prefix = Uint8Array.of(entries.value[0], entries.value[1]);
      const { value } = entries;
      const spanMs = value.length > 3 ? readInt64(value.subarray(3)) : 0;
      this.#stores.set(name, { prefix, layout: value[2], spanMs });
      this.#greatestId = Math.max(this.#greatestId, readUint16(prefix, 0));
    }
    for (const name of this.#stores.keys()) {
      const offset = this.engine.get(this.#offsetKey(name));
      if (offset !== null) this.#offsets.set(name, readInt64(offset));
    }
  }
}

function nameKey(name: string): Uint8Array {
  return concatBytes(namePrefix, encodeUtf8(name));
}

function requireKnownVersion(version: number): void {
  if (version > formatVersion)
    throw new StateError(
      "STORE_FORMAT_TOO_NEW",
      `the state folder has format ${version}, this version reads up to ${formatVersion}; run the newer version, or delete the folder so that it is restored from the changelogs`,
    );
}

function int64(value: number): Uint8Array {
  return int64Before(new Uint8Array(0), value);
}

function uint16(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value);
}

function readUint16(bytes: Uint8Array, position: number): number {
  return (bytes[position] << 8) | bytes[position + 1];
}
