// Mistakes with versioned tables; see `mistakes.ts`.
import { json, StreamsBuilder, string } from "millrace";

interface Order {
  readonly total: number;
}
const builder = new StreamsBuilder();
const orders = builder.stream("orders", { key: string(), value: json<Order>() });
const serdes = { key: string(), value: string() };
const customers = builder.table("customers", { ...serdes, store: "customers" });
const rates = builder.table("rates", {
  ...serdes,
  store: { name: "rates", historyRetention: "1d" },
});

//! Argument of type 'KTable<string, string | null, "known", "known", "keyValue">' is not assignable to parameter of type '"Grace needs a versioned table: builder.table(topic, { store: { name, historyRetention: '1d' } })"'.
orders.join(customers, (order, customer) => [order, customer], { grace: "10m" });

//! Argument of type 'KTable<string, string | null, "known", "known", "versioned">' is not assignable to parameter of type '"The left value's serde was lost above; give it: leftJoin(other, joiner, { left: json(Schema) })"'.
orders
  .mapValues((order) => order.total)
  .leftJoin(rates, (total, rate) => [total, rate], { grace: "10m" });

//! Object literal may only specify known properties, but 'grase' does not exist in type 'JoinOptions<string, Order, KTable<string, string | null, "known", "known", "versioned">, unknown>'. Did you mean to write 'grace'?
orders.join(rates, (order, rate) => [order, rate], { grase: "10m" });

//! Property 'put' does not exist on type 'ReadOnlyVersionedKeyValueStore<string, string>'.
orders.process({
  stores: { rates },
  process: (record, context) => context.rates.put(record.key, "1", 0),
});
