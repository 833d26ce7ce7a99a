import { compareBytes } from "@millrace/model";
import { keyPlace, type Serde, serializeWith } from "@millrace/serde";
import { afterKey, afterPrefix } from "../../bytes/key-range.ts";
import type { KeyValueStore } from "../../contract/key-value-store.ts";
import type { StoreCursor } from "../../contract/store-cursor.ts";
import type { ScanRange } from "../../contract/store-engine.ts";
import type { StoreFormat } from "../../layers/store-format.ts";
import type { ValueAccess } from "../../layers/value-access.ts";
import { requireKey, requireValue, type StoreScope } from "../../contract/store-scope.ts";
import { noEntries, TypedCursor, type EntryDecoder } from "../../layers/typed-cursor.ts";

export interface StoreParts<K, V> {
  readonly name: string;
  readonly isPersistent: boolean;
  readonly access: ValueAccess<K, V>;
  readonly format: StoreFormat<K, V>;
  readonly scope: StoreScope;
}

/** What plain and timestamped stores share. `S` is what the user sees as a value. */
export abstract class KeyValueStoreBase<K, V, S> implements KeyValueStore<K, S> {
  readonly name: string;
  readonly isPersistent: boolean;
  protected readonly access: ValueAccess<K, V>;
  protected readonly format: StoreFormat<K, V>;
  readonly #scope: StoreScope;
  readonly #decoder: EntryDecoder<K, S>;

  constructor({ name, isPersistent, access, format, scope }: StoreParts<K, V>) {
    this.name = name;
    this.isPersistent = isPersistent;
    this.access = access;
    this.format = format;
    this.#scope = scope;
    this.#decoder = {
      key: (bytes) => format.decodeKey(bytes),
      value: (bytes) => this.decodeStored(bytes),
    };
  }

  protected abstract decodeStored(bytes: Uint8Array): S;
  protected abstract read(key: K): S | null;
  protected abstract write(key: K, value: S | null): void;

  get isOpen(): boolean {
    return this.#scope.isOpen;
  }

  get(key: K): S | null {
    this.#check(key);
    return this.read(key);
  }

  put(key: K, value: S | null): void {
    this.#check(key);
    requireValue(this.name, value);
    this.write(key, value);
  }

  putIfAbsent(key: K, value: S): S | null {
    this.#check(key);
    requireValue(this.name, value);
    const before = this.read(key);
    if (before === null) this.write(key, value);
    return before;
  }

  delete(key: K): S | null {
    this.#check(key);
    const before = this.read(key);
    this.write(key, null);
    return before;
  }

  range(from: K | null, to: K | null): StoreCursor<K, S> {
    return this.#range(from, to, "forward");
  }

  reverseRange(from: K | null, to: K | null): StoreCursor<K, S> {
    return this.#range(from, to, "backward");
  }

  all(): StoreCursor<K, S> {
    return this.#scan({ direction: "forward" });
  }

  reverseAll(): StoreCursor<K, S> {
    return this.#scan({ direction: "backward" });
  }

  prefixScan<P>(prefix: P & {}, prefixSerde: Serde<P>): StoreCursor<K, S> {
    const from = serializeWith(prefixSerde, prefix, this.format.topic, keyPlace);
    const to = afterPrefix(from);
    return this.#scan(to === undefined ? { from } : { from, to });
  }

  approximateEntryCount(): number {
    this.#scope.requireOpen(this.name);
    return this.access.approximateEntryCount();
  }

  #range(from: K | null, to: K | null, direction: "forward" | "backward"): StoreCursor<K, S> {
    const first = from === null ? undefined : this.format.encodeKey(from);
    const last = to === null ? undefined : this.format.encodeKey(to);
    if (first !== undefined && last !== undefined && compareBytes(first, last) > 0)
      return new TypedCursor(noEntries, this.#decoder);
    return this.#scan({
      direction,
      ...(first === undefined ? {} : { from: first }),
      ...(last === undefined ? {} : { to: afterKey(last) }),
    });
  }

  #scan(range: ScanRange): StoreCursor<K, S> {
    this.#scope.requireOpen(this.name);
    return new TypedCursor(this.access.scan(range), this.#decoder);
  }

  #check(key: K): void {
    this.#scope.requireOpen(this.name);
    requireKey(this.name, key);
  }
}
