// Handles of topics as users write them, without an annotation but serdes: each type that is inferred is asserted.
import {
  json,
  optional,
  StreamsBuilder,
  string,
  topic,
  type GlobalKTable,
  type KStream,
  type KTable,
} from "millrace";

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function check<_T extends true>(): void;

interface Order {
  readonly customer: string;
  readonly total: number;
}

const ordersTopic = topic("orders", { key: string(), value: json<Order>() });
const oldOrders = topic("old-orders", { key: string(), value: json<Order>() });
const totalsTopic = topic("totals", { key: string(), value: json<number>() });
const builder = new StreamsBuilder();

export function sourcesHaveTheTypesOfTheirTopics() {
  const orders = builder.stream(ordersTopic);
  check<Equal<typeof orders, KStream<string, Order, "known", "known">>>();
  const both = builder.stream([ordersTopic, oldOrders]);
  check<Equal<typeof both, KStream<string, Order, "known", "known">>>();
  const table = builder.table(ordersTopic, { store: "orders" });
  check<Equal<typeof table, KTable<string, Order | null, "known", "known", "keyValue">>>();
  const everywhere = builder.globalTable(ordersTopic);
  check<Equal<typeof everywhere, GlobalKTable<string, Order | null>>>();
}

export function nothingIsLostAtASink() {
  const orders = builder.stream(ordersTopic);
  orders.mapValues((order) => order.total).to(totalsTopic);
  orders.mapValues((order): number | null => order.total).to(totalsTopic, { name: "write" });
  orders.to((order, key, { timestamp }) => `${order.customer}${key}${timestamp}`);
  const loose = builder.stream("loose", { key: string(), value: optional(json<number>()) });
  loose.to(totalsTopic);
}
