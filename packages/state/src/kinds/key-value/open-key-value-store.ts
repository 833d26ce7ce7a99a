import type { BytesStore, EngineBytes, ReadableBytes } from "../../contract/bytes-store.ts";
import type { StateStore } from "../../contract/state-store.ts";
import type { ChangelogRecord, OpenStore, StoreEnvironment } from "../../contract/open-store.ts";
import type { StoreSpecification } from "../../contract/store-specification.ts";
import type { StoreView } from "../../contract/store-view.ts";
import { filteredIfEmpty } from "../../layers/filtered-store.ts";
import { openAccess, openByteLayers } from "../../layers/open-layers.ts";
import { StoreFormat } from "../../layers/store-format.ts";
import type { ValueAccess } from "../../layers/value-access.ts";
import type { ValueLayout } from "../../layers/value-layout.ts";
import type { StoreParts } from "./key-value-store-base.ts";
import { KeyValueView } from "./key-value-view.ts";

/** How a kind that keeps the last value of each key differs from others of its sort. */
export interface KeyValueVariant<Store extends StateStore> {
  readonly layout: ValueLayout;
  make(parts: StoreParts<unknown, unknown>): Store;
  /** What lies between the changelog and the cache besides meters; absent: nothing. */
  over?(logged: BytesStore): BytesStore;
  /** What lies between the stage and the changelog; absent: nothing. */
  under?(staged: BytesStore): BytesStore;
  /** How queries read what lies in the stage, or in the engine; absent: as it is. */
  readAs?(bytes: BytesStore): ReadableBytes;
}

const asItIs = (bytes: BytesStore): BytesStore => bytes;

/** A key-value store with all its layers, bottom to top: staged, filtered, logged, metered, cached, typed. */
export class OpenKeyValueStore<Store extends StateStore> implements OpenStore<Store> {
  readonly store: Store;
  readonly #bytes: BytesStore;
  readonly #layout: ValueLayout;
  readonly #access: ValueAccess<unknown, unknown>;
  readonly #readAs: (bytes: BytesStore) => ReadableBytes;

  constructor(
    { name, key, value }: StoreSpecification,
    staged: EngineBytes,
    environment: StoreEnvironment,
    { layout, make, over = asItIs, under = asItIs, readAs = asItIs }: KeyValueVariant<Store>,
  ) {
    const format = new StoreFormat({ key, value }, layout, environment.changelogTopic);
    if (environment.isPersistent) staged.keepLast(environment.memory);
    // In memory a look costs less than a filter.
    const filtered = environment.isPersistent ? filteredIfEmpty(staged) : staged;
    const bytes = under(filtered);
    const layers = over(openByteLayers(name, bytes, environment, layout));
    this.#bytes = bytes;
    this.#layout = layout;
    this.#readAs = readAs;
    const beneath = readAs(filtered);
    this.#access = openAccess({ name, store: layers, beneath, format }, environment);
    const { scope, isPersistent } = environment;
    this.store = make({ name, isPersistent, access: this.#access, format, scope });
  }

  get hasDirty(): boolean {
    return this.#access.hasDirty;
  }

  get hasFailedFlush(): boolean {
    return this.#access.hasFailedFlush;
  }

  flush(isOver?: () => boolean): boolean {
    return this.#access.flush(isOver);
  }

  discard(): void {
    this.#access.discard();
  }

  restore(key: Uint8Array, record: ChangelogRecord): void {
    this.#bytes.put(key, this.#layout.restored(record), record);
    this.#access.forget(key);
  }

  view(committed: BytesStore | undefined): StoreView {
    const bytes = committed === undefined ? this.#access.beside : this.#readAs(committed);
    return { kind: "keyValue", store: new KeyValueView(bytes, this.#layout) };
  }

  committing(): void {}

  committed(): void {
    this.#access.committed();
  }
}
