import { noBytes } from "@millrace/model";
import { deserializeWith, keyPlace, serializeWith, valuePlace } from "@millrace/serde";
import type { EngineBytes } from "../../contract/bytes-store.ts";
import type { ListValueStore } from "../../contract/list-value-store.ts";
import type { ChangelogRecord, OpenStore, StoreEnvironment } from "../../contract/open-store.ts";
import type { StoreCursor } from "../../contract/store-cursor.ts";
import type { EntryCursor } from "../../contract/store-engine.ts";
import { requireKey, requireValue } from "../../contract/store-scope.ts";
import {
  specificationOf,
  type StoreKind,
  type StoreOptions,
  type StoreSpecification,
} from "../../contract/store-specification.ts";
import { DirectAccess } from "../../layers/direct-access.ts";
import { openByteLayers } from "../../layers/open-layers.ts";
import { rowSerde, StoreFormat } from "../../layers/store-format.ts";
import { TypedCursor } from "../../layers/typed-cursor.ts";
import { plainValues } from "../../layers/value-layout.ts";
import { compactedChangelog } from "../changelog-configs.ts";
import { appended, requireList, valuesIn } from "./value-list.ts";

/** Kafka: `ListValueStore`, which the outer joins of streams keep what has not met its other side in. Never cached. */
class OpenListValueStore
  implements ListValueStore<unknown, unknown>, OpenStore<ListValueStore<unknown, unknown>>
{
  readonly store = this;
  readonly hasDirty = false;
  readonly hasFailedFlush = false;
  readonly name: string;
  readonly isPersistent: boolean;
  readonly #specification: StoreSpecification;
  readonly #bytes: EngineBytes;
  readonly #environment: StoreEnvironment;
  readonly #access: DirectAccess<Uint8Array, Uint8Array>;

  constructor(
    specification: StoreSpecification,
    bytes: EngineBytes,
    environment: StoreEnvironment,
  ) {
    const { name } = specification;
    const { changelogTopic, recordContext: context, cursors } = environment;
    this.name = name;
    this.isPersistent = environment.isPersistent;
    this.#specification = specification;
    this.#bytes = bytes;
    this.#environment = environment;
    const serdes = { key: rowSerde, value: rowSerde };
    const format = new StoreFormat(serdes, plainValues, changelogTopic);
    const store = openByteLayers(name, bytes, environment, plainValues);
    this.#access = new DirectAccess({ name, store, beneath: bytes, format, context, cursors });
  }

  get isOpen(): boolean {
    return this.#environment.scope.isOpen;
  }

  add(key: unknown, value: unknown): void {
    const keyBytes = this.#encodeKey(key);
    requireValue(this.name, value);
    const { changelogTopic } = this.#environment;
    const bytes = serializeWith(
      this.#specification.value,
      value as object,
      changelogTopic,
      valuePlace,
    );
    this.#access.write(keyBytes, appended(this.#access.read(keyBytes), bytes), -1);
  }

  delete(key: unknown): void {
    this.#access.write(this.#encodeKey(key), null, -1);
  }

  get(key: unknown): readonly unknown[] {
    const list = this.#access.read(this.#encodeKey(key));
    return list === null ? [] : Array.from(valuesIn(list), (bytes) => this.#decode(bytes));
  }

  all(): StoreCursor<unknown, unknown> {
    const { scope, changelogTopic } = this.#environment;
    scope.requireOpen(this.name);
    return new TypedCursor(new ValuesCursor(this.#access.scan({})), {
      key: (bytes) => deserializeWith(this.#specification.key, bytes, changelogTopic, keyPlace),
      value: (bytes) => this.#decode(bytes),
    });
  }

  flush(): boolean {
    return true;
  }

  discard(): void {
    this.#access.discard();
  }

  restore(key: Uint8Array, { value }: ChangelogRecord): void {
    if (value !== null) requireList(value);
    this.#bytes.put(key, value);
    this.#access.forget();
  }

  committing(): void {}

  committed(): void {
    this.#access.committed();
  }

  #encodeKey(key: unknown): Uint8Array {
    const { scope, changelogTopic } = this.#environment;
    scope.requireOpen(this.name);
    requireKey(this.name, key);
    return serializeWith(this.#specification.key, key as object, changelogTopic, keyPlace);
  }

  #decode(bytes: Uint8Array): unknown {
    const { changelogTopic } = this.#environment;
    return deserializeWith(this.#specification.value, bytes, changelogTopic, valuePlace);
  }
}

/** Each value of each list. */
class ValuesCursor implements EntryCursor {
  readonly #lists: EntryCursor;
  #values: Iterator<Uint8Array> = [].values();
  #value: Uint8Array = noBytes;

  constructor(lists: EntryCursor) {
    this.#lists = lists;
  }

  next(): boolean {
    for (;;) {
      const next = this.#values.next();
      if (next.done !== true) {
        this.#value = next.value;
        return true;
      }
      if (!this.#lists.next()) return false;
      this.#values = valuesIn(this.#lists.value);
    }
  }

  get key(): Uint8Array {
    return this.#lists.key;
  }

  get value(): Uint8Array {
    return this.#value;
  }

  [Symbol.dispose](): void {
    this.#lists[Symbol.dispose]();
  }
}

const listValueKind: StoreKind<ListValueStore<unknown, unknown>> = {
  operations: { get: "get", add: "put", delete: "delete", all: "all" },
  name: "keyValue",
  layout: 7,
  changelogConfigs: compactedChangelog,
  open: (specification, bytes, environment) =>
    new OpenListValueStore(specification, bytes, environment),
};

/**
 * Specifies a store that keeps all values of a key (Kafka: `ListValueStoreBuilder`).
 *
 * @example listValueStore({ name: "unmatched", key: string(), value: json(Order) })
 */
export function listValueStore<K, V>(
  options: Omit<StoreOptions<K, V>, "caching">,
): StoreSpecification<ListValueStore<K, V & {}>> {
  // Keys and values are those of the serdes, which the kind never looks into.
  const kind = listValueKind as StoreKind<ListValueStore<K, V & {}>>;
  return Object.freeze(specificationOf(kind, options));
}
