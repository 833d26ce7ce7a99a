// Mistakes with global tables and stores; see `mistakes.ts`.
import { int64, int64AsNumber, json, keyValueStore, StreamsBuilder, string } from "millrace";

interface Order {
  readonly id: string;
  readonly product: number;
}
interface Product {
  readonly label: string;
}
declare const label: (order: Order, product: Product) => string;
const builder = new StreamsBuilder();
const orders = builder.stream("orders", { key: string(), value: json<Order>() });
const products = builder.globalTable("products", { key: int64(), value: json<Product>() });
const customers = builder.table("customers", { key: string(), value: string() });
const blocked = keyValueStore({ name: "blocked", key: string(), value: int64AsNumber() });

//! Argument of type 'GlobalKTable<bigint, Product | null>' is not assignable to parameter of type '"The global table has keys of another type: join(table, joiner, { keySelector: (value) => … })"'.
orders.join(products, (order, product) => [order, product]);

//! Type '(o: Order) => number' is not assignable to type '(value: Order, key: string) => bigint | null'.
orders.join(products, (order, product) => [order, product], { keySelector: (o) => o.product });

//! Argument of type 'GlobalKTable<bigint, Product | null>' is not assignable to parameter of type '"Java's order of arguments: here it is join(other, joiner, { keySelector })"'.
orders.join(products, (order) => BigInt(order.product), label);

//! Argument of type 'KTable<string, string | null, "known", "known", "unnamed">' is not assignable to parameter of type '"A table is joined by the record's key: selectKey(…) on the stream first, or use a global table"'.
orders.join(customers, (order, customer) => [order, customer], { keySelector: (o) => o.id });

//! 'product' is possibly 'null'.
orders.leftJoin(products, (order, product) => [order, product.label], {
  keySelector: (o) => BigInt(o.product),
});

//! Argument of type 'GlobalKTable<bigint, Product | null>' is not assignable to parameter of type '"A join with a global table needs no serdes of the stream: leave out { key, left }"'.
orders.join(products, (order, product) => [order, product], {
  keySelector: (o) => BigInt(o.product),
  key: string(),
});

//! Object literal may only specify known properties, and 'offsetReset' does not exist in type 'GlobalTableOptions<string, Uint8Array<ArrayBufferLike>, never>'.
builder.globalTable("others", { key: string(), offsetReset: "latest" });

//! Argument of type 'number | null' is not assignable to parameter of type 'string'.
builder.addGlobalStore(blocked, "blocked", {
  process: (record, { store }) => store.put(record.value, 1),
});

//! Type 'Promise<void>' is not assignable to type '"process is synchronous: its callback must not give a promise"'.
builder.addGlobalStore(blocked, "blocked", {
  process: async (record, { store }) => store.put(record.key, 1),
});

//! Property 'put' does not exist on type 'ReadOnlyKeyValueStore<bigint, ValueAndTimestamp<Product>>'.
orders.process({
  stores: { products },
  process: (_, { products: store }) => store.put(1n, null),
});
