import type { Window } from "@millrace/model";
import { ScratchBytes } from "../../bytes/scratch-bytes.ts";
import type { EngineBytes, StoreScan } from "../../contract/bytes-store.ts";
import type { ChangelogRecord, OpenStore, StoreEnvironment } from "../../contract/open-store.ts";
import type { StateStore } from "../../contract/state-store.ts";
import type { StoreSpecification } from "../../contract/store-specification.ts";
import type { StoredValue, StoreView } from "../../contract/store-view.ts";
import { openAccess, openByteLayers } from "../../layers/open-layers.ts";
import { rowSerde, StoreFormat } from "../../layers/store-format.ts";
import type { ValueAccess } from "../../layers/value-access.ts";
import { ViewAccess } from "../../layers/view-access.ts";
import type { ValueLayout } from "../../layers/value-layout.ts";
import { KnownRows } from "./known-rows.ts";
import type { RowOrder } from "./row-order.ts";
import { RowKeys } from "./row-keys.ts";
import { SegmentedBytes, type Deletions, type RowLife } from "./segmented-bytes.ts";
import { RowReads, type RowReadsParts } from "./row-reads.ts";
import { TypedRows } from "./typed-rows.ts";
import { storedView, type ValueView } from "./value-view.ts";

/** A specification of a store whose rows expire. */
export interface SegmentedSpecification<
  out Store extends StateStore = StateStore,
> extends StoreSpecification<Store> {
  readonly retentionMs: number;
  readonly order: RowOrder;
}

/** What a kind of store whose rows expire says of itself. */
export interface SegmentedVariant<S, Store extends StateStore> {
  readonly view: ValueView<unknown, S>;
  /** Bytes behind the time in a row's key: a sequence number, or the start of a session. */
  readonly lastBytes: 4 | 8;
  readonly deletions: Deletions;
  /** See `RowFilters`. */
  readonly filterStepMs: number;
  windowOf(keys: RowKeys, row: Uint8Array): Window;
  make(rows: TypedRows<unknown, unknown, S>, parts: SegmentedParts): Store;
  viewOf(rows: RowReads<Uint8Array, Uint8Array, StoredValue>, parts: SegmentedParts): StoreView;
}

export interface SegmentedParts {
  readonly name: string;
  readonly isPersistent: boolean;
  readonly bytes: SegmentedBytes;
  readonly order: RowOrder;
}

/** Kafka's: at least a minute, and half of the retention. */
export function segmentSpanMs({ retentionMs }: SegmentedSpecification): number {
  return Math.max(Math.floor(retentionMs / 2), 60_000);
}

/** A store whose rows expire with all its layers, bottom to top: staged, segmented, logged, metered, cached, typed. */
export class OpenSegmentedStore<S, Store extends StateStore> implements OpenStore<Store> {
  readonly store: Store;
  readonly #bytes: SegmentedBytes;
  readonly #keys: RowKeys;
  readonly #layout: ValueLayout;
  readonly #sequenceOf: (row: Uint8Array) => number;
  readonly #access: ValueAccess<Uint8Array, unknown>;
  readonly #life: RowLife;
  readonly #known: KnownRows | undefined;
  readonly #variant: Pick<SegmentedVariant<S, Store>, "viewOf">;
  readonly #parts: Omit<
    RowReadsParts<Uint8Array, Uint8Array, StoredValue>,
    "access" | "bytes" | "format" | "view" | "keySerde"
  >;

  constructor(
    specification: SegmentedSpecification,
    engineBytes: EngineBytes,
    environment: StoreEnvironment,
    variant: SegmentedVariant<S, Store>,
  ) {
    const { name, key: keySerde, value, retentionMs, order, engine } = specification;
    const { changelogTopic: topic, scope, isPersistent } = environment;
    const keys = new RowKeys(segmentSpanMs(specification), variant.lastBytes);
    const isExact = engine === "memory";
    // A cache knows writes alone, as in Kafka: what it flushes counts.
    const countsDeletions = variant.deletions === "uncounted" && environment.cache !== null;
    const isTimeFirst = !isExact && order !== "key" && variant.lastBytes === 4;
    this.#life = {
      retentionMs,
      isExact,
      showsExpiring: isTimeFirst,
      deletions: countsDeletions ? "counted" : variant.deletions,
      filterStepMs: variant.filterStepMs,
      memory: variant.deletions === "ignored" ? environment.memory : null,
      drop: () => environment.drop(`store ${name} does not keep what is that old`),
    };
    // Windows that left the cache are read again. Records of joins have a memory of their own, sessions are few.
    if (isPersistent && variant.deletions === "counted") engineBytes.keepLast(environment.memory);
    const bytes = new SegmentedBytes(engineBytes, keys, this.#life);
    const { layout } = variant.view;
    const format = new StoreFormat({ key: rowSerde, value }, layout, topic);
    this.#access = openAccess(
      {
        name,
        store: openByteLayers(name, bytes, environment, loggedWithoutSegment(layout, keys)),
        beneath: bytes,
        format,
        holdsReads: false,
        // Which of its two orders a key is in.
        markBytes: isTimeFirst ? 1 : 0,
        hasIndex: isTimeFirst && order === "timeOrKey",
        isHidden: (row) => keys.timeOf(row) < bytes.visibleFrom,
        valueSeenBy: (row, scan) => bytes.valueSeenFrom(row, scan.visibleFrom ?? bytes.visibleFrom),
      },
      environment,
    );
    this.#bytes = bytes;
    this.#keys = keys;
    this.#layout = layout;
    this.#sequenceOf = variant.lastBytes === 4 ? (row) => keys.lastOf(row) : () => 0;
    this.#variant = variant;
    const own = { name, isPersistent, scope, topic, keys, isTimeFirst };
    this.#parts = {
      ...own,
      windowOf: (row) => variant.windowOf(keys, row),
      order: isExact ? "time" : order,
    };
    const { view } = variant;
    // Windows are asked for by their start.
    if (variant.lastBytes === 8)
      this.#known = new KnownRows(keys, environment.memory, bytes.newestTime);
    const known = this.#known;
    const written = { keySerde, bytes, access: this.#access, format, view, known };
    const rows = new TypedRows<unknown, unknown, S>({ ...this.#parts, ...written });
    this.store = variant.make(rows, { name, isPersistent, bytes, order });
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
    this.#bytes.discard();
    this.#known?.clear(this.#bytes.newestTime);
  }

  restore(key: Uint8Array, record: ChangelogRecord): void {
    this.#keys.requireLogged(key);
    const row = this.#keys.rowOf(key);
    this.#bytes.restore(row, this.#layout.restored(record), this.#sequenceOf(row));
    this.#known?.missed(this.#keys.timeOf(row));
    this.#access.forget(row);
  }

  view(committed: EngineBytes | undefined): StoreView {
    const { name, isPersistent, topic, order } = this.#parts;
    const bytes =
      committed === undefined
        ? this.#bytes
        : new SegmentedBytes(
            committed,
            this.#keys,
            { ...this.#life, memory: null },
            this.#bytes.ledger.segments,
          );
    const rows = new RowReads({
      ...this.#parts,
      keySerde: rowSerde,
      bytes,
      access: new ViewAccess(committed === undefined ? this.#access.beside : bytes, this.#layout),
      format: new StoreFormat({ key: rowSerde, value: rowSerde }, this.#layout, topic),
      view: storedView(this.#layout),
    });
    return this.#variant.viewOf(rows, { name, isPersistent, bytes, order });
  }

  committing(): void {
    this.#bytes.ledger.note();
  }

  committed(): void {
    this.#access.committed();
    const firstLive = this.#bytes.ledger.dropExpired();
    if (firstLive === undefined) return;
    const liveFrom = this.#keys.startOfSegment(firstLive);
    this.#access.endCursors(
      "rows that it had to show have expired",
      ({ visibleFrom }: StoreScan) => {
        return visibleFrom === undefined || visibleFrom < liveFrom;
      },
    );
    this.#bytes.retainSegments((id) => id >= firstLive || this.#isCached(id));
  }

  /** Rows in the cache are seen even where they have expired beneath, as in Kafka. */
  #isCached(segment: number): boolean {
    const from = this.#keys.boundOf(segment);
    return this.#access.holdsAny({ from, to: this.#keys.boundOf(segment + 1) });
  }
}

function loggedWithoutSegment(layout: ValueLayout, keys: RowKeys): ValueLayout {
  const logged = new ScratchBytes(); // changelogs copy keys
  return {
    ...layout,
    log: (changelog, row, stored, context) =>
      layout.log(changelog, logged.partOf(row, keys.keyStart), stored, context),
  };
}
