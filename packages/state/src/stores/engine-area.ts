import { concatBytes, invariant, type Offset } from "@millrace/model";
import type { EngineEntry, StoreEngine } from "../contract/store-engine.ts";
import { afterPrefix } from "../bytes/key-range.ts";
import {
  decodeForm,
  decodeOwner,
  encodeForm,
  encodeOwner,
  formatVersion,
  int64,
  nameKey,
  nameOf,
  namePrefix,
  offsetPrefix,
  ownerPrefix,
  readInt64,
  readUint16,
  requireKnownVersion,
  uint16,
  versionKey,
  type StoredForm,
} from "./engine-keys.ts";

export interface ClaimedStore {
  readonly prefix: Uint8Array;
  readonly isReset: boolean;
}

/** One engine as the stores of a task share it: their prefixes and changelog offsets. */
export class EngineArea {
  readonly engine: StoreEngine;
  readonly #stores = new Map<string, StoredForm>();
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
    const form = { prefix, layout, spanMs };
    this.engine.write([{ key: nameKey(name), value: encodeForm(form) }]);
    this.#stores.set(name, form);
    return { prefix, isReset };
  }

  /** How a store lies here that was claimed. */
  formOf(name: string): StoredForm {
    const form = this.#stores.get(name);
    invariant(form !== undefined, "STATE-9", { store: name });
    return form;
  }

  /** Puts rows of a store into the engine as another one had them; it has no offset until they are covered by one. */
  fill(name: string, rows: readonly EngineEntry[]): void {
    invariant(!this.#offsets.has(name), "STATE-18", { store: name });
    const prefix = this.#prefixOf(name);
    this.engine.write(rows.map(({ key, value }) => ({ key: concatBytes(prefix, key), value })));
  }

  offsetOf(name: string): Offset | undefined {
    return this.#offsets.get(name);
  }

  /** Ties a store to a changelog. False: it was tied to another one, and what it held was deleted. */
  tie(name: string, changelog: string, topicId = ""): boolean {
    const key = concatBytes(ownerPrefix, this.#prefixOf(name));
    const bytes = this.engine.get(key);
    const known = bytes === null ? { changelog, topicId: "" } : decodeOwner(bytes);
    const isOwn =
      known.changelog === changelog &&
      (known.topicId === topicId || known.topicId === "" || topicId === "");
    if (!isOwn) this.wipe(name);
    const id = topicId === "" && isOwn ? known.topicId : topicId;
    if (bytes === null || id !== known.topicId || !isOwn)
      this.engine.write([{ key, value: encodeOwner({ changelog, topicId: id }) }]);
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

  /** Deletes a store with all that is known of it; its name goes last. Nothing is done where it is not known. */
  forget(name: string): void {
    if (!this.#stores.has(name)) return;
    this.wipe(name);
    const owner = concatBytes(ownerPrefix, this.#prefixOf(name));
    this.engine.write([
      { key: owner, value: null },
      { key: nameKey(name), value: null },
    ]);
    this.#stores.delete(name);
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
      const form = decodeForm(entries.value);
      this.#stores.set(nameOf(entries.key), form);
      this.#greatestId = Math.max(this.#greatestId, readUint16(form.prefix, 0));
    }
    for (const name of this.#stores.keys()) {
      const offset = this.engine.get(this.#offsetKey(name));
      if (offset !== null) this.#offsets.set(name, readInt64(offset));
    }
  }
}
