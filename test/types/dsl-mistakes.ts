// Mistakes of every family, with the line that the compiler prints for each: see `mistakes.ts`.
import { int64AsNumber, json, string } from "millrace";

import {
  builder,
  customers,
  orders,
  payments,
  products,
  type Order,
  type Product,
} from "./dsl-world.ts";

const orderTable = builder.table("order-table", { key: string(), value: json<Order>() });
const productTable = builder.table("product-table", {
  key: int64AsNumber(),
  value: json<Product>(),
});

//! Argument of type '"totals"' is not assignable to parameter of type '"The value's serde was lost above; give it: to(topic, { value: json(Schema) })"'.
orders.mapValues((order) => order.total).to("totals");

//! Argument of type '"totals"' is not assignable to parameter of type '"Both serdes were lost above; give them: to(topic, { key: string(), value: json(Schema) })"'.
orders.map((order) => ({ key: order.product, value: order.total })).to("totals");

//! The 'this' context of type 'KStream<string, number, "known", "lost">' is not assignable to method's 'this' of type '"The value's serde was lost above; give it: groupByKey({ value: json(Schema) })"'.
orders.mapValues((order) => order.total).groupByKey();

//! Argument of type '(order: any) => any' is not assignable to parameter of type '"The key's serde was lost above; give it: groupBy(selector, { key: string() })"'.
orders.groupBy((order) => order.customer).count();

//! Argument of type '(id: any) => any' is not assignable to parameter of type '"The value's serde was lost above; give it: groupBy(selector, { value: json(Schema) })"'.
orders.mapValues((order) => order.id).groupBy((id) => id, { key: string() });

//! The 'this' context of type 'KStream<number, Order, "lost", "known">' is not assignable to method's 'this' of type '"The key's serde was lost above; give it: repartition({ key: string() })"'.
orders.selectKey((order) => order.product).repartition({ partitions: 8 });

//! The 'this' context of type 'KStream<string, number, "known", "lost">' is not assignable to method's 'this' of type '"The value's serde was lost above; give it: toTable({ value: json(Schema) })"'.
orders.mapValues((order) => order.total).toTable({ store: "totals" });

//! Type 'Serde<string>' is not assignable to type 'Serde<number>'.
orders.mapValues((order) => order.total).to("totals", { value: string() });

//! Argument of type 'KStream<string, Payment, "known", "known">' is not assignable to parameter of type '"A join of two streams needs a window: join(other, joiner, { within: '5m' })"'.
orders.join(payments, (order, payment) => order.total - payment.amount);

//! Argument of type 'KStream<string, Payment, "known", "known">' is not assignable to parameter of type '"The two streams have keys of different types: selectKey(…) on one side first"'.
orders
  .selectKey((order) => order.product, { key: int64AsNumber() })
  .join(payments, (order, payment) => order.total - payment.amount, { within: "1h" });

//! Argument of type 'KStream<string, Payment, "known", "known">' is not assignable to parameter of type '"The left value's serde was lost above; give it: join(other, joiner, { left: json(Schema) })"'.
orders
  .mapValues((order) => order.total)
  .join(payments, (total, payment) => total - payment.amount, { within: "1h" });

//! Argument of type 'KStream<string, number, "known", "lost">' is not assignable to parameter of type '"The right value's serde was lost above; give it: leftJoin(other, joiner, { right: json(Schema) })"'.
payments.leftJoin(
  orders.mapValues((order) => order.total),
  (payment, total) => [payment, total],
  { within: "1h" },
);

//! Argument of type 'KTable<string, Customer | null, "known", "known", "keyValue">' is not assignable to parameter of type '"A join with a table has no window: leave out { within }"'.
orders.join(customers, (order, customer) => [order, customer], { within: "1h" });

//! Argument of type 'KTable<string, Customer | null, "known", "known", "keyValue">' is not assignable to parameter of type '"Grace needs a versioned table: builder.table(topic, { store: { name, historyRetention: '1d' } })"'.
orders.join(customers, (order, customer) => [order, customer], { grace: "10m" });

//! Argument of type 'GlobalKTable<bigint, Product | null>' is not assignable to parameter of type '"The global table has keys of another type: join(table, joiner, { keySelector: (value) => … })"'.
orders.join(products, (order, product) => [order, product]);

//! Type '(order: Order) => number' is not assignable to type '(value: Order, key: string) => bigint | null'.
orders.join(products, (order, product) => [order, product], {
  keySelector: (order) => order.product,
});

//! Argument of type 'KTable<string, Customer | null, "known", "known", "keyValue">' is not assignable to parameter of type '"An outer join of a stream needs a stream on the other side: use leftJoin, or toTable() first"'.
orders.outerJoin(customers, (order, customer) => [order, customer]);

//! Argument of type 'KTable<string, Customer | null, "known", "known", "keyValue">' is not assignable to parameter of type '"The key's serde was lost above; give it: join(other, joiner, { key: string() })"'.
orders.selectKey((order) => order.customer).join(customers, (order, customer) => [order, customer]);

//! 'payment' is possibly 'null'.
orders.leftJoin(payments, (order, payment) => order.total - payment.amount, { within: "1h" });

//! Argument of type '(order: string, payment: Payment) => (string | Payment)[]' is not assignable to parameter of type '(left: Order, right: Payment, key: string) => (string | Payment)[]'.
orders.join(payments, (order: string, payment) => [order, payment], { within: "1h" });

//! Type 'Promise<(Order | Payment)[]>' is not assignable to type '"join is synchronous: its callback must not give a promise"'.
orders.join(payments, async (order, payment) => [order, payment], { within: "1h" });

//! Type 'Promise<string>' is not assignable to type '"mapValues is synchronous: its callback must not give a promise"'.
orders.mapValues(async (order) => order.id);

//! Argument of type '(order: Order) => Promise<boolean>' is not assignable to parameter of type '"filter is synchronous: its callback must not give a promise"'.
orders.filter(async (order) => order.total > 0);

//! Type 'Promise<Response>' is not assignable to type '"foreach is synchronous: its callback must not give a promise"'.
orders.foreach((order) => fetch(order.id));

//! Type '"5 minutes"' is not assignable to type 'Within | undefined'.
orders.join(payments, (order, payment) => [order, payment], { within: "5 minutes" });

//! Object literal may only specify known properties, but 'grase' does not exist in type 'JoinOptions<string, Order, KStream<string, Payment, "known", "known">, (Order | Payment)[]>'. Did you mean to write 'grace'?
orders.join(payments, (order, payment) => [order, payment], { within: "5m", grase: "1m" });

//! Object literal may only specify known properties, but 'valeu' does not exist in type 'SinkOptions<string, Order> & NamedOptions & KeyOption<string> & ValueOption<Order>'. Did you mean to write 'value'?
orders.to("copy", { valeu: json<Order>(), name: "copy" });

//! Object literal may only specify known properties, and 'key' does not exist in type 'NamedOptions & ValueOption<string>'.
orders.mapValues((order) => order.id, { key: string(), value: string() });

//! Argument of type 'KTable<number, Product | null, "known", "known", "unnamed">' is not assignable to parameter of type '"The tables have keys of different types; say which one to look up: join(other, joiner, { foreignKey: (value) => … })"'.
orderTable.join(productTable, (order, product) => [order, product]);

//! Type '(order: Order) => string' is not assignable to type '(value: Order, key: string) => number | null'.
orderTable.join(productTable, (order, product) => [order, product], {
  foreignKey: (order) => order.id,
});

//! Argument of type 'KTable<string, Customer | null, "known", "known", "keyValue">' is not assignable to parameter of type '"Java's order of arguments: here it is join(other, joiner, { foreignKey: extractor })"'.
orderTable.join(
  customers,
  (order) => order.customer,
  (order, customer) => [order, customer],
);

//! Argument of type 'GlobalKTable<bigint, Product | null>' is not assignable to parameter of type '"Java's order of arguments: here it is join(other, joiner, { keySelector })"'.
orders.join(
  products,
  (order) => BigInt(order.product),
  (order, product) => [order, product],
);

//! Argument of type 'KTable<string, Customer | null, "known", "known", "keyValue">' is not assignable to parameter of type '"A store needs the result's serde: join(other, joiner, { store: '…', value: json(Schema) })"'.
orderTable.join(customers, (order, customer) => [order, customer], {
  foreignKey: (order) => order.customer,
  store: "joined",
});

//! Argument of type '(customer: any) => any' is not assignable to parameter of type '"A store needs the value's serde: mapValues(mapper, { store: '…', value: json(Schema) })"'.
customers.mapValues((customer) => customer.name, { store: "names" });

//! 'customer' is possibly 'null'.
customers.toStream().mapValues((customer) => customer.name);
