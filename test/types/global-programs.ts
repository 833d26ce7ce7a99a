// Global tables and stores as users write them, without an annotation but serdes.
import {
  double,
  int64,
  json,
  keyValueStore,
  StreamsBuilder,
  string,
  timestampedKeyValueStore,
  type GlobalKTable,
  type KStream,
  type ReadOnlyKeyValueStore,
  type StreamRecord,
  type ValueAndTimestamp,
} from "millrace";

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function check<_T extends true>(): void;

interface Order {
  readonly product: number;
  readonly total: number;
}
interface Product {
  readonly label: string;
}
const builder = new StreamsBuilder();
const orders = builder.stream("orders", { key: string(), value: json<Order>() });
const products = builder.globalTable("products", {
  key: int64(),
  value: json<Product>(),
  store: "products",
});
check<Equal<typeof products, GlobalKTable<bigint, Product | null>>>();

const labelled = orders.leftJoin(
  products,
  (order, product) => ({ ...order, label: product?.label ?? "unknown" }),
  { keySelector: (order) => BigInt(order.product) },
);
check<
  Equal<
    typeof labelled,
    KStream<string, { label: string; product: number; total: number }, "known", "lost">
  >
>();

const labels = orders.join(products, (_order, { label }, key) => `${key}: ${label}`, {
  keySelector: (order, key) => (key === "" ? null : BigInt(order.product)),
  value: string(),
});
check<Equal<typeof labels, KStream<string, string, "known", "known">>>();

// A key whose serde was lost needs none: nothing is repartitioned.
const names = builder.globalTable("names", { key: string(), value: string() });
const renamed = orders.selectKey((order) => String(order.product)).join(names, (_order, n) => n);
check<Equal<typeof renamed, KStream<string, string, "lost", "lost">>>();

const blocked = keyValueStore({ name: "blocked", key: string(), value: double() });
builder.addGlobalStore(blocked, "blocked", {
  process: (record, { store }) => {
    check<Equal<typeof record, StreamRecord<string, number | null>>>();
    store.put(record.key, record.value);
  },
});
const latest = timestampedKeyValueStore({ name: "latest", key: string(), value: json<Order>() });
builder.addGlobalStore(latest, "orders-by-id", {
  process: ({ key, value, timestamp }, { store }) =>
    store.put(key, value === null ? null : { value, timestamp }),
});
builder.addGlobalStore(keyValueStore({ name: "sizes", key: string(), value: double() }), "texts", {
  key: string(),
  value: string(),
  process: ({ key, value }, { store, dropRecord }) => {
    check<Equal<typeof value, string | null>>();
    if (value === null) dropRecord("no text");
    else store.put(key, value.length);
  },
});

orders.process({
  stores: { products, blocked },
  process(record, { products: table, blocked: store }) {
    check<Equal<typeof table, ReadOnlyKeyValueStore<bigint, ValueAndTimestamp<Product>>>>();
    if ((store.get(record.key) ?? 0) > 0) console.log(table.get(1n)?.value.label);
  },
});
