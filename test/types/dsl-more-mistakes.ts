// Mistakes of every family, with the line that the compiler prints for each: see `mistakes.ts`.
import {
  double,
  hopping,
  calendar,
  json,
  keyValueStore,
  otherwise,
  session,
  string,
  untilWindowCloses,
} from "millrace";
import type { TopologyTestDriver } from "@millrace/testing";

import { builder, orders, payments, type Order } from "./dsl-world.ts";

const orderTable = builder.table("order-table", { key: string(), value: json<Order>() });
const stock = keyValueStore({ name: "stock", key: string(), value: double() });
declare const driver: TopologyTestDriver;

//! Argument of type '() => number' is not assignable to parameter of type '"The serde says the aggregate's type; give it: aggregate(init, aggregator, { value: json(Schema) })"'.
orders.groupByKey().aggregate(
  () => 0,
  (sum, order) => sum + order.total,
);

//! Type 'string' is not assignable to type 'number'.
orders.groupByKey().aggregate(
  () => "0",
  (sum, order) => sum + order.total,
  { value: double() },
);

//! Type 'string' is not assignable to type 'number'.
orders.groupByKey().aggregate(
  () => 0,
  (sum, order) => `${sum}${order.total}`,
  { value: double() },
);

//! Argument of type '"1m"' is not assignable to parameter of type '"windowedBy takes tumbling('1m'), hopping('5m', { advance: '1m' }), sliding('10m'), session('30m'), unlimited(), calendar('day', { timeZone: 'Europe/Berlin' }), customWindows({ size, windowsFor }) or countWindows(100)"'.
orders.groupByKey().windowedBy("1m");

//! Argument of type '"5m"' is not assignable to parameter of type '"A hopping window needs its hop: hopping('5m', { advance: '1m' })"'.
orders.groupByKey().windowedBy(hopping("5m"));

//! Argument of type '"day"' is not assignable to parameter of type '"A day has no length without a place: calendar('day', { timeZone: 'Europe/Berlin' })"'.
orders.groupByKey().windowedBy(calendar("day", {}));

//! Argument of type '(sum: any, order: any) => any' is not assignable to parameter of type 'AggregatorAndMerger<string, Order, number>'.
orders
  .groupByKey()
  .windowedBy(session("5m"))
  .aggregate(
    () => 0,
    (sum, order) => sum + order.total,
    { value: double() },
  );

//! Property 'merger' is missing in type '{ aggregator: (sum: number, order: Order) => number; }' but required in type 'AggregatorAndMerger<string, Order, number>'.
orders
  .groupByKey()
  .windowedBy(session("5m"))
  .aggregate(() => 0, { aggregator: (sum, order) => sum + order.total }, { value: double() });

//! 'n' is possibly 'null'.
orders
  .groupByKey()
  .windowedBy(session("5m"))
  .count()
  .toStream()
  .mapValues((n) => n + 1);

//! Argument of type 'UntilWindowCloses' is not assignable to parameter of type '"untilWindowCloses needs a windowed table: groupByKey().windowedBy(…) before, or untilTimeLimit('5s')"'.
orders.groupByKey().count().suppress(untilWindowCloses());

//! Argument of type '(sum: any, next: any) => any' is not assignable to parameter of type 'AdderAndSubtractor<string, number, number>'.
orderTable
  .groupBy((order) => ({ key: order.customer, value: order.total }), {
    key: string(),
    value: double(),
  })
  .reduce((sum, next) => sum + next);

//! Argument of type '(order: any) => { key: any; value: any; }' is not assignable to parameter of type '"Both serdes were lost above; give them: groupBy(mapper, { key: string(), value: json(Schema) })"'.
orderTable.groupBy((order) => ({ key: order.customer, value: order.total })).count();

//! Argument of type '(sum: any, order: any) => any' is not assignable to parameter of type '"The serde says the aggregate's type; give it: cogroup(aggregator, { value: json(Schema) })"'.
orders.groupByKey().cogroup((sum, order) => sum + order.total);

//! Argument of type '(order: any) => any' is not assignable to parameter of type '"deduplicate needs a bound: deduplicate(id, { within: '1h', id: string() })"'.
orders.deduplicate((order) => order.id);

//! Argument of type 'KStream<string, Payment, "known", "known">' is not assignable to parameter of type '"An as-of join needs a bound: asOfJoin(other, joiner, { tolerance: '10s' })"'.
orders.asOfJoin(payments, (order, payment) => [order, payment]);

//! No overload matches this call.
orders.split({ big: async (order) => order.total > 5, rest: otherwise });

//! Property 'small' does not exist on type '{ readonly big: KStream<string, Order, "known", "known">; readonly rest: KStream<string, Order, "known", "known">; }'.
orders.split({ big: (order) => order.total > 5, rest: otherwise }).small.to("small");

//! Argument of type 'StreamRecord<string, string>' is not assignable to parameter of type 'StreamRecord<string, number>'.
orders.process({
  output: { key: string(), value: double() },
  process: (record, { forward }) => forward(record.withValue("a")),
});

//! Property 'okay' does not exist on type '{ readonly ok: (record: StreamRecord<string, Order>) => void; }'.
orders.process({
  outputs: { ok: { key: string(), value: json<Order>() } },
  process: (record, { forwardTo }) => forwardTo.okay(record),
});

//! Property 'stocks' does not exist on type 'ProcessContext<undefined> & OpenedStores<{ readonly stock: StoreSpecification<KeyValueStore<string, number>>; }> & { ...; }'.
orders.process({ stores: { stock }, process: (record, { stocks }) => stocks.put(record.key, 1) });

//! Type 'StoreSpecification<KeyValueStore<string, number>>' is not assignable to type '"A store cannot be called 'commit': the context has that name"'.
orders.process({
  stores: { commit: stock },
  process() {},
});

//! Argument of type 'string' is not assignable to parameter of type 'number'.
orders.process({
  stores: { stock },
  process: (record, { stock }) => stock.put(record.key, record.value.id),
});

//! Type 'Promise<void>' is not assignable to type '"process is synchronous: its callback must not give a promise"'.
orders.process({
  stores: { stock },
  process: async (record, { stock }) => stock.put(record.key, 1),
});

//! Property 'withKey' does not exist on type 'FixedKeyRecord<string, Order>'.
orders.processValues({ process: (record, { forward }) => forward(record.withKey("a")) });

//! Type 'string' is not assignable to type 'PromiseLike<unknown>'.
orders.mapValuesAsync((order) => order.id);

//! Argument of type '(id: any) => Promise<Response>' is not assignable to parameter of type '"The serde of the values that come in was lost above; give it: mapValuesAsync(mapper, { input: json(Schema) })"'.
orders.mapValues((order) => order.id).mapValuesAsync(async (id) => fetch(id));

//! Type '{ total: number; }' is missing the following properties from type 'Order': kind, id, customer, product
driver.input("orders", { key: string(), value: json<Order>() }).pipe("ada", { total: 5 });
