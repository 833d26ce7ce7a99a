// Mistakes with the line that the compiler prints for each: `mistakes.test.ts` compares. `//!` stands before a mistake.
import {
  double,
  hopping,
  json,
  session,
  StreamsBuilder,
  string,
  untilWindowCloses,
} from "millrace";

interface Order {
  readonly id: string;
  readonly total: number;
  readonly note?: string;
}

declare function ask(order: Order): Promise<Order>;
const builder = new StreamsBuilder();
const orders = builder.stream("orders", { key: string(), value: json<Order>() });

//! Argument of type '(order: Order) => Promise<boolean>' is not assignable to parameter of type '"filter is synchronous: its callback must not give a promise"'.
orders.filter(async (order) => order.total > 0);

//! Argument of type '(order: Order) => false | Promise<boolean>' is not assignable to parameter of type '"filterNot is synchronous: its callback must not give a promise"'.
orders.filterNot((order) => order.total > 0 && Promise.resolve(true));

//! Type 'Promise<{ key: string; value: number; }>' is not assignable to type '"map is synchronous: its callback must not give a promise"'.
orders.map(async (order) => ({ key: order.id, value: order.total }));

//! Type '(string | number)[]' is not assignable to type '"map makes records: its callback must give { key, value }"'.
orders.map((order, id) => [id, order.total]);

//! Type '{ key: string; value: number; } | undefined' is not assignable to type '"map makes records: its callback must give { key, value }"'.
orders.map((order) => (order.total > 0 ? { key: order.id, value: order.total } : undefined));

//! Type '(string | number)[][]' is not assignable to type 'Iterable<KeyValue<unknown, unknown>>'.
orders.flatMap((order, id) => [[id, order.total]]);

//! Type 'Promise<Order>' is not assignable to type '"mapValues is synchronous: its callback must not give a promise"'.
orders.mapValues((order) => ask(order));

//! Type 'Promise<{ key: string; value: number; }[]>' is not assignable to type '"flatMap is synchronous: its callback must not give a promise"'.
orders.flatMap(async (order) => [{ key: order.id, value: order.total }]);

//! Type 'Promise<number[]>' is not assignable to type '"flatMapValues is synchronous: its callback must not give a promise"'.
orders.flatMapValues(async (order) => [order.total]);

//! Type 'Promise<string>' is not assignable to type '"selectKey is synchronous: its callback must not give a promise"'.
orders.selectKey(async (order) => order.id);

//! Type 'Promise<string>' is not assignable to type '"groupBy is synchronous: its callback must not give a promise"'.
orders.groupBy(async (order) => order.id, { key: string() });

//! Type 'Promise<Order>' is not assignable to type '"peek is synchronous: its callback must not give a promise"'.
orders.peek((order) => ask(order));

//! Argument of type '() => Promise<void>' is not assignable to parameter of type '(value: Order, key: string, record: RecordInfo) => "foreach is synchronous: its callback must not give a promise"'.
orders.foreach(async () => {});

//! Type 'Promise<Order>' is missing the following properties from type 'Order': id, total
orders.groupByKey().reduce(async (left) => left);

//! Type 'Promise<number>' is not assignable to type 'number'.
orders.groupByKey().aggregate(
  async () => 0,
  (sum) => sum,
  { value: double() },
);

//! Type 'Promise<number>' is not assignable to type 'number'.
orders.groupByKey().aggregate(
  () => 0,
  async (sum) => sum,
  { value: double() },
);

//! Argument of type '(order: Order) => Promise<string>' is not assignable to parameter of type 'string | TopicNameExtractor<string, Order>'.
orders.to(async (order) => order.id);

//! Type '() => Promise<number>' is not assignable to type 'StreamPartitioner<string, Order>'.
orders.to("out", { partitioner: async () => 0 });

//! Type '() => Promise<number>' is not assignable to type 'TimestampExtractor<Uint8Array<ArrayBufferLike> | null, Order>'.
builder.stream("timed", { value: json<Order>(), timestampExtractor: async () => 0 });

//! Type 'string | undefined' is not assignable to type '"mapValues takes no undefined: its callback must give a value, or null where there is none"'.
orders.mapValues((order) => order.note);

//! Argument of type '() => void' is not assignable to parameter of type '(value: Order, key: string, record: RecordInfo) => "mapValues takes no undefined: its callback must give a value, or null where there is none"'.
orders.mapValues(() => {});

//! Type 'string | undefined' is not assignable to type '"selectKey takes no undefined: its callback must give a value, or null where there is none"'.
orders.selectKey((order) => order.note);

//! Type 'string' is not assignable to type '"flatMapValues takes a string for one value: its callback must give a list, such as [text]"'.
orders.flatMapValues((order) => order.id);

//! Property '[Symbol.iterator]' is missing in type 'Order' but required in type 'Iterable<unknown>'.
orders.flatMapValues((order) => order);

//! Type 'string[]' is not assignable to type 'Iterable<KeyValue<unknown, unknown>>'.
orders.flatMap((order) => [order.id]);

const totals = orders.mapValues((order) => order.total);
const customers = builder.table("customers", { key: string(), value: json<Order>() });
//! Type '(string | Order)[]' is not assignable to type '"groupBy makes records: its callback must give { key, value }"'.
customers.groupBy((customer, id) => [id, customer], { key: string(), value: json<Order>() });
const counts = orders.groupBy((order) => order.total, { key: double() }).count();

//! Argument of type '"totals"' is not assignable to parameter of type '"The value's serde was lost above; give it: to(topic, { value: json(Schema) })"'.
totals.to("totals");

//! The 'this' context of type 'KStream<string, number, "known", "lost">' is not assignable to method's 'this' of type '"The value's serde was lost above; give it: toTable({ value: json(Schema) })"'.
totals.toTable({ store: "totals" });

//! Type 'Serde<string>' is not assignable to type 'Serde<number>'.
totals.to("totals", { value: string() });

//! Argument of type 'KTable<number, number, "known", "known", "unnamed">' is not assignable to parameter of type '"The table has keys of another type: selectKey(…) on the stream first, or use a global table"'.
orders.join(counts, (order, count) => [order, count]);

//! Argument of type 'KTable<string, Order | null, "known", "known", "unnamed">' is not assignable to parameter of type '"The key's serde was lost above; give it: join(other, joiner, { key: string() })"'.
orders.selectKey((order) => order.id).join(customers, (order, customer) => [order, customer]);

//! 'customer' is possibly 'null'.
orders.leftJoin(customers, (order, customer) => order.total - customer.total);

//! Argument of type 'KTable<number, number, "known", "known", "unnamed">' is not assignable to parameter of type '"The tables have keys of different types; say which one to look up: join(other, joiner, { foreignKey: (value) => … })"'.
customers.join(counts, (customer, count) => [customer, count]);

//! Argument of type 'KTable<string, number | null, "known", "lost", "unnamed">' is not assignable to parameter of type '"A join by foreign key writes values of both tables, and the serde of one was lost: mapValues(mapper, { value: json(Schema) })"'.
customers.join(
  customers.mapValues((customer) => customer.total),
  (customer, total) => [customer, total],
  { foreignKey: (customer) => customer.id },
);

//! Argument of type '(customer: Order) => number' is not assignable to parameter of type '"A store needs the value's serde: mapValues(mapper, { store: '…', value: json(Schema) })"'.
customers.mapValues((customer: Order) => customer.total, { store: "totals" });

//! Argument of type '() => number' is not assignable to parameter of type '"The serde says the aggregate's type; give it: aggregate(init, aggregator, { value: json(Schema) })"'.
orders.groupByKey().aggregate(
  () => 0,
  (sum, order: Order) => sum + order.total,
);

//! Argument of type '"5m"' is not assignable to parameter of type '"A hopping window needs its hop: hopping('5m', { advance: '1m' })"'.
hopping("5m");

//! Argument of type '"1m"' is not assignable to parameter of type '"windowedBy takes tumbling('1m'), hopping('5m', { advance: '1m' }), sliding('10m'), session('30m'), unlimited(), calendar('day', { timeZone: 'Europe/Berlin' }), customWindows({ size, windowsFor }) or countWindows(100)"'.
orders.groupByKey().windowedBy("1m");

//! Property 'merger' is missing in type '{ aggregator: (sum: number) => number; }' but required in type 'AggregatorAndMerger<string, Order, number>'.
orders
  .groupByKey()
  .windowedBy(session("30m"))
  .aggregate(() => 0, { aggregator: (sum) => sum }, { value: double() });

//! Argument of type '() => number' is not assignable to parameter of type '"The serde says the aggregate's type; give it: aggregate(init, { aggregator, merger }, { value: json(Schema) })"'.
orders
  .groupByKey()
  .windowedBy(session("30m"))
  .aggregate(() => 0, { aggregator: (sum) => sum, merger: (left) => left });

//! 'count' is possibly 'null'.
orders
  .groupByKey()
  .windowedBy(session("30m"))
  .count()
  .toStream()
  .mapValues((count) => count + 1);

//! Argument of type '(sum: number) => number' is not assignable to parameter of type '"The serde says the aggregate's type; give it: cogroup(aggregator, { value: json(Schema) })"'.
orders.groupByKey().cogroup((sum: number) => sum);

//! Type 'KStream<string, Order, "known", "known">' is missing the following properties from type 'KGroupedStream<string, unknown>': windowedBy, count, reduce, aggregate, and 2 more.
orders
  .groupByKey()
  .cogroup((sum) => sum, { value: double() })
  .cogroup(orders, (sum) => sum);

//! Argument of type 'UntilWindowCloses' is not assignable to parameter of type '"untilWindowCloses needs a windowed table: groupByKey().windowedBy(…) before, or untilTimeLimit('5s')"'.
customers.suppress(untilWindowCloses());

//! Argument of type '"5s"' is not assignable to parameter of type '"suppress takes untilWindowCloses() or untilTimeLimit('5s')"'.
customers.suppress("5s");
