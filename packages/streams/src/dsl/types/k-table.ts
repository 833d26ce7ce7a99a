import type { TablePredicate } from "../operators/table-filter.ts";
import type { NamedOptions } from "../stream-node.ts";
import type {
  CallbackResult,
  KeptBy,
  LeftOutBy,
  RecordKey,
  RecordResult,
  RecordValue,
  SynchronousPredicate,
} from "./callback-types.ts";
import type { Given, Optional } from "./given-options.ts";
import type { KGroupedTable } from "./k-grouped-table.ts";
import type {
  AnyTable,
  OptionalOrCallback,
  OuterTableJoinOptions,
  TableJoinCheck,
  TableJoinOptions,
} from "./joins.ts";
import type { SuppressedCheck, UntilWindowCloses } from "../suppressed.ts";
import type { KStream } from "./k-stream.ts";
import type { StoreMap, ValueTransformerDefinition } from "./processor-types.ts";
import type {
  Carried,
  KeyOf,
  Lost,
  Needs,
  SerdeOptions,
  SerdeState,
  StateAfter,
  ValueOf,
  ValueOption,
} from "./serde-state.ts";
import type { KeptOption, StoreAfter, StoredCheck, TableStore } from "./table-store.ts";

type NullOf<V> = Extract<V, null>;

/**
 * The last value of each key, and its changes (Kafka: `KTable`). `V` includes null where a key may be deleted; callbacks
 * never see it. A handle: queries and tests take it where they take a store's name.
 *
 * @example
 * const counts = orders.groupByKey().count({ store: "orders-per-customer" });
 */
export interface KTable<
  out K,
  out V,
  out KeyState extends SerdeState = SerdeState,
  out ValueState extends SerdeState = SerdeState,
  out Store extends TableStore = TableStore,
> {
  readonly kind: "table";
  readonly carries: Carried<K, V, KeyState, ValueState> & { readonly store: Store };

  /** Name of the store, for queries (Kafka: `queryableStoreName`); undefined where none was given. */
  readonly storeName: string | undefined;

  /**
   * The changes as a stream under other keys (Kafka: `KTable.toStream(mapper)`). The key's serde is lost.
   *
   * @example customers.toStream((customer, id) => customer?.city ?? id)
   */
  toStream<K2>(
    mapper: (value: V, key: K) => CallbackResult<K2, "toStream">,
    options?: NamedOptions,
  ): KStream<K2, V, "lost", ValueState>;
  /**
   * The changes as a stream: each new value, null where a key was deleted (Kafka: `KTable.toStream`).
   *
   * @example counts.toStream().to("counts")
   */
  toStream(options?: NamedOptions): KStream<K, V, KeyState, ValueState>;

  /**
   * Keeps the rows for which the predicate holds; those for which it does no longer are deleted below, so the result may
   * hold null (Kafka: `KTable.filter`). Kept in a store only where that is named.
   *
   * @example customers.filter((customer) => customer.isActive)
   */
  filter<P extends TablePredicate<K, V & {}>, const O extends Optional<NamedOptions & KeptOption>>(
    predicate: SynchronousPredicate<P, "filter">,
    ...options: Given<O, NamedOptions & KeptOption>
  ): KTable<K, KeptBy<V & {}, P> | null, KeyState, ValueState, StoreAfter<O, "keyValue">>;

  /**
   * Keeps the rows for which the predicate does not hold (Kafka: `KTable.filterNot`); see `filter`.
   *
   * @example customers.filterNot((customer) => customer.isTest)
   */
  filterNot<
    P extends TablePredicate<K, V & {}>,
    const O extends Optional<NamedOptions & KeptOption>,
  >(
    predicate: SynchronousPredicate<P, "filterNot">,
    ...options: Given<O, NamedOptions & KeptOption>
  ): KTable<K, LeftOutBy<V & {}, P> | null, KeyState, ValueState, StoreAfter<O, "keyValue">>;

  /**
   * Makes another value of each row (Kafka: `KTable.mapValues`). The value's serde is lost unless it is given. Kept in a
   * store only where that is named.
   *
   * @example customers.mapValues((customer) => customer.city, { value: string(), store: "cities" })
   */
  mapValues<V2, const O extends Optional<NamedOptions & ValueOption<V2> & KeptOption>>(
    mapper: StoredCheck<
      O,
      "mapValues(mapper, ",
      (value: V & {}, key: K) => CallbackResult<V2, "mapValues">
    >,
    ...options: Given<O, NamedOptions & ValueOption<V2> & KeptOption>
  ): KTable<K, V2 | NullOf<V>, KeyState, StateAfter<O, "value", "lost">, StoreAfter<O, "keyValue">>;

  /**
   * As `mapValues`, for code with stores, a state of its own or a look at the record (Kafka: `KTable.transformValues`). It is
   * called for rows that are deleted too, with null, and may make rows of them. Where rows are not kept, those who look
   * them up have a transformer of their own, with its own state and the same stores.
   *
   * @example
   * accounts.transformValues(
   *   {
   *     stores: { limits },
   *     transform: (account, id, { limits }) => (account?.balance ?? 0) <= (limits.get(id) ?? 0),
   *   },
   *   { value: json<boolean>(), store: "within-limits" },
   * )
   */
  transformValues<
    V2,
    const O extends Optional<NamedOptions & ValueOption<V2> & KeptOption>,
    const S extends StoreMap = {},
    State = undefined,
  >(
    definition: StoredCheck<
      O,
      "transformValues(definition, ",
      ValueTransformerDefinition<
        K,
        (V & {}) | null,
        S,
        State,
        CallbackResult<V2, "transformValues">
      >
    >,
    ...options: Given<O, NamedOptions & ValueOption<V2> & KeptOption>
  ): KTable<K, V2, KeyState, StateAfter<O, "value", "lost">, StoreAfter<O, "keyValue">>;

  /**
   * Holds changes back, the last one of each key, until their window closes or a time is over (Kafka: `KTable.suppress`).
   * What waits is in a buffer, in memory and in a changelog.
   *
   * @throws TopologyError `NO_WINDOWS`
   * @example visits.suppress(untilWindowCloses()).toStream().to("visits-per-minute")
   * @example counts.suppress(untilTimeLimit("5s", { records: 10_000 }))
   */
  suppress<Self extends AnyTable, U>(
    this: Self,
    suppressed: SuppressedCheck<U, KeyOf<Self>>,
    options?: NamedOptions,
  ): KTable<K, U extends UntilWindowCloses ? V & {} : V, KeyState, ValueState, "unnamed">;

  /**
   * Joins rows of equal keys; each change of either side is joined with what the other has now (Kafka: `KTable.join`).
   * The tables need equal numbers of partitions. With `foreignKey`, each row is joined with that of the other table which
   * it points to, through topics of the application's own; the tables may be partitioned as they like.
   *
   * @example orders.join(customers, (order, customer) => ({ ...order, customer }), { foreignKey: (order) => order.customer })
   * @example customers.join(addresses, (customer, address) => ({ ...customer, address }))
   */
  join<
    Self extends AnyTable,
    RK,
    RV,
    RightState extends SerdeState,
    VR,
    const O extends OptionalOrCallback<TableJoinOptions<KeyOf<Self>, ValueOf<Self>, RK, VR>>,
  >(
    this: Self,
    other: TableJoinCheck<
      "join",
      Self,
      KTable<RK, RV, SerdeState, RightState>,
      O,
      KTable<RK, RV, SerdeState, RightState>
    >,
    joiner: (left: V & {}, right: RV & {}, key: K) => CallbackResult<VR, "join">,
    ...options: Given<O, TableJoinOptions<KeyOf<Self>, ValueOf<Self>, RK, VR>>
  ): KTable<
    K,
    VR | NullOf<V> | NullOf<RV>,
    KeyState,
    StateAfter<O, "value", "lost">,
    StoreAfter<O, "keyValue">
  >;

  /**
   * As `join`, and a row without a partner is joined with null (Kafka: `KTable.leftJoin`).
   *
   * @example customers.leftJoin(addresses, (customer, address) => ({ ...customer, city: address?.city ?? null }))
   */
  leftJoin<
    Self extends AnyTable,
    RK,
    RV,
    RightState extends SerdeState,
    VR,
    const O extends OptionalOrCallback<TableJoinOptions<KeyOf<Self>, ValueOf<Self>, RK, VR>>,
  >(
    this: Self,
    other: TableJoinCheck<
      "leftJoin",
      Self,
      KTable<RK, RV, SerdeState, RightState>,
      O,
      KTable<RK, RV, SerdeState, RightState>
    >,
    joiner: (left: V & {}, right: (RV & {}) | null, key: K) => CallbackResult<VR, "leftJoin">,
    ...options: Given<O, TableJoinOptions<KeyOf<Self>, ValueOf<Self>, RK, VR>>
  ): KTable<K, VR | NullOf<V>, KeyState, StateAfter<O, "value", "lost">, StoreAfter<O, "keyValue">>;

  /**
   * As `join`, and the rows of both sides that have no partner are joined with null (Kafka: `KTable.outerJoin`).
   *
   * @example web.outerJoin(shop, (online, local) => (online ?? 0) + (local ?? 0))
   */
  outerJoin<
    Self extends AnyTable,
    RK,
    RV,
    RightState extends SerdeState,
    VR,
    const O extends OptionalOrCallback<OuterTableJoinOptions<VR>>,
  >(
    this: Self,
    other: TableJoinCheck<
      "outerJoin",
      Self,
      KTable<RK, RV, SerdeState, RightState>,
      O,
      KTable<RK, RV, SerdeState, RightState>
    >,
    joiner: (
      left: (V & {}) | null,
      right: (RV & {}) | null,
      key: K,
    ) => CallbackResult<VR, "outerJoin">,
    ...options: Given<O, TableJoinOptions<KeyOf<Self>, ValueOf<Self>, RK, VR>>
  ): KTable<
    K,
    VR | NullOf<V> | NullOf<RV>,
    KeyState,
    StateAfter<O, "value", "lost">,
    StoreAfter<O, "keyValue">
  >;

  /**
   * Groups the rows by another key, through a repartition topic (Kafka: `KTable.groupBy`): each change takes the old
   * value out and puts the new one in.
   *
   * @example customers.groupBy((customer, id) => ({ key: customer.city, value: id }), { key: string(), value: string() })
   */
  groupBy<R, const O extends Optional<SerdeOptions<RecordKey<R>, RecordValue<R>>>>(
    mapper: Needs<
      Lost<O, "key", "lost"> | Lost<O, "value", "lost">,
      "groupBy(mapper, ",
      (value: V & {}, key: K) => RecordResult<R, "groupBy">
    >,
    ...options: Given<O, SerdeOptions<RecordKey<R>, RecordValue<R>>>
  ): KGroupedTable<RecordKey<R>, RecordValue<R>>;
}
