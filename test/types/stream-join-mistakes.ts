// Mistakes with joins of streams, and the line that the compiler prints for each: `mistakes.test.ts` compares.
import { double, json, StreamsBuilder, string } from "millrace";

interface Order {
  readonly id: string;
  readonly total: number;
}

const builder = new StreamsBuilder();
const orders = builder.stream("orders", { key: string(), value: json<Order>() });
const customers = builder.table("customers", { key: string(), value: json<Order>() });
const totals = orders.mapValues((order) => order.total);
const payments = builder.stream("payments", { key: string(), value: json<Order>() });
const byTotal = orders.selectKey((order) => order.total, { key: double() });

//! Argument of type 'KStream<string, Order, "known", "known">' is not assignable to parameter of type '"A join of two streams needs a window: join(other, joiner, { within: '5m' })"'.
orders.join(payments, (order, payment) => order.total - payment.total);

//! Argument of type 'KStream<string, Order, "known", "known">' is not assignable to parameter of type '"The two streams have keys of different types: selectKey(…) on one side first"'.
byTotal.join(payments, (order, payment) => order.total - payment.total, { within: "1h" });

//! Argument of type 'KStream<string, Order, "known", "known">' is not assignable to parameter of type '"The left value's serde was lost above; give it: join(other, joiner, { left: json(Schema) })"'.
totals.join(payments, (total, payment) => total - payment.total, { within: "1h" });

//! Argument of type 'KStream<string, number, "known", "lost">' is not assignable to parameter of type '"The right value's serde was lost above; give it: leftJoin(other, joiner, { right: json(Schema) })"'.
payments.leftJoin(totals, (payment, total) => [payment, total], { within: "1h" });

//! Argument of type 'KStream<string, number, "known", "lost">' is not assignable to parameter of type '"Serdes were lost above; give those of: outerJoin(other, joiner, { key, left, right })"'.
orders
  .selectKey((order) => order.id)
  .outerJoin(totals, (order, total) => [order, total], { within: "1h" });

//! Argument of type 'KTable<string, Order | null, "known", "known", "unnamed">' is not assignable to parameter of type '"A join with a table has no window: leave out { within }"'.
orders.join(customers, (order, customer) => [order, customer], { within: "1h" });

//! Argument of type 'KTable<string, Order | null, "known", "known", "unnamed">' is not assignable to parameter of type '"A join with a table keeps no records: leave out { right, store, unmatched }"'.
orders.leftJoin(customers, (order, customer) => [order, customer], { unmatched: "atOnce" });

//! Argument of type 'KTable<string, Order | null, "known", "known", "unnamed">' is not assignable to parameter of type '"An outer join of a stream needs a stream on the other side: use leftJoin, or toTable() first"'.
orders.outerJoin(customers, (order, customer) => [order, customer]);

//! Argument of type 'KStream<string, Order, "known", "known">' is not assignable to parameter of type '"An inner join gives no result without a match: leave out { unmatched }"'.
orders.join(payments, (order, payment) => [order, payment], { within: 5, unmatched: "atOnce" });

//! 'payment' is possibly 'null'.
orders.leftJoin(payments, (order, payment) => order.total - payment.total, { within: "1h" });

//! Argument of type '(order: string, payment: Order) => (string | Order)[]' is not assignable to parameter of type '(left: Order, right: Order, key: string) => (string | Order)[]'.
orders.join(payments, (order: string, payment) => [order, payment], { within: "1h" });

//! Type 'Promise<Order[]>' is not assignable to type '"join is synchronous: its callback must not give a promise"'.
orders.join(payments, async (order, payment) => [order, payment], { within: "1h" });

//! Type '"5 minutes"' is not assignable to type 'Within | undefined'.
orders.join(payments, (order, payment) => [order, payment], { within: "5 minutes" });

//! Object literal may only specify known properties, but 'grase' does not exist in type 'JoinOptions<string, Order, KStream<string, Order, "known", "known">, Order[]>'. Did you mean to write 'grace'?
orders.join(payments, (order, payment) => [order, payment], { within: "5m", grase: "1m" });

//! Argument of type 'KStream<string, Order, "known", "known">' is not assignable to parameter of type '"Streams are joined by the records' keys: selectKey(…) on one side first"'.
orders.join(payments, (order, payment) => [order, payment], { within: 5, keySelector: () => "k" });
