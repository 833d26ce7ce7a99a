// Streams and tables, joined and aggregated, as users write it, without an annotation but serdes: each type that is inferred is asserted.
import {
  double,
  int64AsNumber,
  json,
  string,
  untilTimeLimit,
  type KGroupedStream,
  type KStream,
  type KTable,
  type SerdeState,
} from "millrace";

import {
  type Equal,
  check,
  type Key,
  type Value,
  type Order,
  type Payment,
  type Customer,
  type Product,
  builder,
  orders,
  payments,
  clicks,
  customers,
  products,
} from "./dsl-world.ts";

export function countPerKey() {
  const counts = orders.groupByKey().count({ store: "orders-per-customer" });
  check<Equal<typeof counts, KTable<string, number, "known", "known", "keyValue">>>();
  counts.toStream().to("counts");
}

export function ordersWithTheirPayments() {
  const paid = orders.join(
    payments,
    (order, payment) => ({ id: order.id, open: order.total - payment.amount }),
    {
      within: "1h",
      grace: "5m",
    },
  );
  check<Equal<typeof paid, KStream<string, { id: string; open: number }, "known", "lost">>>();
  paid.to("paid", { value: json<{ id: string; open: number }>() });
}

export function unpaidOrders() {
  const unpaid = orders
    .leftJoin(payments, (order, payment) => ({ order, payment }), { within: ["0ms", "1h"] })
    .filter((pair) => pair.payment === null)
    .mapValues(({ order }) => order, { value: json<Order>() });
  check<Equal<typeof unpaid, KStream<string, Order, "known", "known">>>();
  unpaid.to("unpaid");
}

export function outerJoinForReconciliation() {
  const both = orders.outerJoin(payments, (order, payment) => ({ order, payment }), {
    within: "1d",
  });
  check<Equal<Value<typeof both>, { order: Order | null; payment: Payment | null }>>();
  const strange = both
    .filter(({ order }) => order === null)
    .mapValues(({ payment }) => payment?.order ?? "?");
  check<Equal<Value<typeof strange>, string>>();
  strange.to("strange", { value: string() });
}

export function selfJoinWithStores() {
  const pairs = clicks.join(clicks, (a, b) => `${a.page} ${b.page}`, {
    within: "10s",
    store: { name: "pairs", engine: "memory" },
    value: string(),
  });
  check<Equal<typeof pairs, KStream<string, string, "known", "known">>>();
}

export function enrichWithGlobalTable() {
  const labelled = orders.leftJoin(
    products,
    (order, product) => ({ ...order, label: product?.label ?? "unknown" }),
    {
      keySelector: (order) => BigInt(order.product),
    },
  );
  check<Equal<Value<typeof labelled>["label"], string>>();
  check<Equal<Key<typeof labelled>, string>>();
}

export function enrichWithTable() {
  const named = orders
    .selectKey((order) => order.customer, { key: string() })
    .join(customers, (order, customer) => ({ total: order.total, country: customer.country }));
  check<
    Equal<typeof named, KStream<string, { total: number; country: string }, "known", "lost">>
  >();
}

export function foreignKeyTableJoin() {
  const orderTable = builder.table("order-table", { key: string(), value: json<Order>() });
  const joined = orderTable.leftJoin(
    customers,
    (order, customer) => ({ id: order.id, email: customer?.email }),
    {
      foreignKey: (order) => order.customer,
      store: "orders-with-customers",
      value: json<{ id: string; email: string | undefined }>(),
    },
  );
  check<
    Equal<
      typeof joined,
      KTable<string, { id: string; email: string | undefined } | null, "known", "known", "keyValue">
    >
  >();
}

export function foreignKeyOfAnotherType() {
  const productTable = builder.table("product-table", {
    key: int64AsNumber(),
    value: json<Product>(),
  });
  const orderTable = builder.table("order-table", { key: string(), value: json<Order>() });
  const joined = orderTable.join(productTable, (order, product) => order.total * product.price, {
    foreignKey: (order) => order.product,
  });
  check<Equal<Value<typeof joined>, number | null>>();
  check<Equal<Key<typeof joined>, string>>();
}

export function tableTableJoins() {
  const totals = orders.groupByKey().aggregate(
    () => 0,
    (sum, order) => sum + order.total,
    { value: double() },
  );
  const numbers = orders.groupByKey().count();
  const average = totals.join(numbers, (total, n) => total / n);
  check<Equal<Value<typeof average>, number>>();
  const withName = numbers.outerJoin(customers, (n, customer) => ({
    n: n ?? 0,
    name: customer?.name ?? null,
  }));
  check<Equal<Value<typeof withName>, { n: number; name: string | null } | null>>();
}

export function tableFilterMapMaterialise() {
  const german = customers.filter((customer) => customer.country === "DE", { store: "german" });
  check<Equal<typeof german, KTable<string, Customer | null, "known", "known", "keyValue">>>();
  const names = german.mapValues((customer) => customer.name, { store: "names", value: string() });
  check<Equal<typeof names, KTable<string, string | null, "known", "known", "keyValue">>>();
  const lazily = german.mapValues((customer) => customer.name);
  check<Equal<typeof lazily, KTable<string, string | null, "known", "lost", "unnamed">>>();
  const calm = names.suppress(untilTimeLimit("5s", { records: 1_000, whenFull: "emitEarly" }));
  check<Equal<Value<typeof calm>, string | null>>();
}

export function subtractorAggregations() {
  const perCountry = customers.groupBy((customer, id) => ({ key: customer.country, value: id }), {
    key: string(),
    value: string(),
  });
  check<Equal<Value<typeof perCountry>, string>>();
  const counts = perCountry.count({ store: "customers-per-country" });
  check<Equal<Value<typeof counts>, number>>();
  const ids = perCountry.aggregate(
    () => ({ ids: [""] }),
    {
      adder: (all, id) => ({ ids: [...all.ids, id] }),
      subtractor: (all, id) => ({ ids: all.ids.filter((other) => other !== id) }),
    },
    { value: json<{ ids: string[] }>() },
  );
  check<Equal<Value<typeof ids>, { ids: string[] }>>();
  const sums = orders
    .toTable()
    .groupBy((order) => ({ key: order.customer, value: order.total }), {
      key: string(),
      value: double(),
    })
    .reduce({ adder: (sum, next) => sum + next, subtractor: (sum, old) => sum - old });
  check<Equal<Value<typeof sums>, number>>();
}

interface HasCustomer {
  readonly customer: string;
}
function byCustomer<K, V extends HasCustomer, KS extends SerdeState, VS extends SerdeState>(
  stream: KStream<K, V, KS, VS>,
) {
  return stream.selectKey((value) => value.customer, { key: string() });
}
function withCustomer<K, V extends HasCustomer>(stream: KStream<K, V, "known", "known">) {
  return byCustomer(stream).leftJoin(customers, (value, customer) => ({ value, customer }));
}
function sumBy<K, V>(grouped: KGroupedStream<K, V>, amount: (value: V & {}) => number) {
  return grouped.aggregate(
    () => 0,
    (sum, value) => sum + amount(value),
    { value: double() },
  );
}
export function userDefinedOperators() {
  const enriched = withCustomer(orders);
  check<
    Equal<
      typeof enriched,
      KStream<string, { value: Order; customer: Customer | null }, "known", "lost">
    >
  >();
  const sums = sumBy(payments.groupByKey(), (payment) => payment.amount);
  check<Equal<Value<typeof sums>, number>>();
  check<Equal<typeof byCustomerOrders, KStream<string, Order, "known", "known">>>();
}
const byCustomerOrders = byCustomer(orders);

export function tableJoinedThroughStreamAndBack() {
  const latest = orders.groupByKey().reduce((_old, next) => next, { store: "latest-order" });
  const view = latest
    .join(customers, (order, customer) => ({ order, customer }))
    .toStream()
    .filter((pair) => pair !== null)
    .mapValues(({ order, customer }) => ({ id: order.id, name: customer.name }), {
      value: json<{ id: string; name: string }>(),
    })
    .toTable({ store: "view" });
  check<
    Equal<typeof view, KTable<string, { id: string; name: string }, "known", "known", "keyValue">>
  >();
}

interface HasId {
  readonly id: string;
}
declare function audit(stream: KStream<string, HasId>, table: KTable<string, HasId | null>): void;
function union<K, V>(...streams: readonly KStream<K, V>[]) {
  return streams.reduce<KStream<K, V>>((all, stream) => all.merge(stream), streams[0]);
}
export function supertypesAndCollections() {
  const latest = builder.table("latest-orders", { key: string(), value: json<Order>() });
  audit(orders, latest);
  audit(
    orders.mapValues((order) => ({ id: order.id, extra: 1 })),
    latest,
  );
  const all = union(
    orders,
    orders.mapValues((order) => order),
  );
  check<Equal<Value<typeof all>, Order>>();
  all.to("all", { key: string(), value: json<Order>() });
}

export function functionsAndOptionsMadeElsewhere() {
  const joiner = (order: Order, payment: Payment) => order.total - payment.amount;
  const window = { within: "1h", grace: "1m" } as const;
  const open = orders.join(payments, joiner, { ...window, value: double() });
  check<Equal<typeof open, KStream<string, number, "known", "known">>>();
  const plain = orders.join(payments, joiner, window);
  check<Equal<typeof plain, KStream<string, number, "known", "lost">>>();
}
