// Mistakes with what has no counterpart in Kafka Streams, and what the compiler says of them.
import {
  calendar,
  countWindows,
  double,
  customWindows,
  json,
  StreamsBuilder,
  string,
} from "millrace";

//! Argument of type '"day"' is not assignable to parameter of type '"A day has no length without a place: calendar('day', { timeZone: 'Europe/Berlin' })"'.
calendar("day");

//! Argument of type '"day"' is not assignable to parameter of type '"A day has no length without a place: calendar('day', { timeZone: 'Europe/Berlin' })"'.
calendar("day", {});

//! Argument of type '"fortnight"' is not assignable to parameter of type '"day" | "month" | "quarter" | "week" | "year"'.
calendar("fortnight", { timeZone: "UTC" });

//! Type '"Monday"' is not assignable to type '"friday" | "monday" | "saturday" | "sunday" | "thursday" | "tuesday" | "wednesday" | undefined'. Did you mean '"monday"'?
calendar("week", { timeZone: "UTC", weekStartsOn: "Monday" });

//! Property 'size' is missing in type '{ windowsFor: () => never[]; }' but required in type 'CustomWindowsOptions'.
customWindows({ windowsFor: () => [] });

const builder = new StreamsBuilder();
const orders = builder.stream("orders", { key: string(), value: json<{ id: string }>() });
const quotes = builder.stream("quotes", { key: string(), value: json<{ price: number }>() });
const table = builder.table("table", { key: string(), value: json<{ price: number }>() });

//! Argument of type '(order: { id: string; }) => string' is not assignable to parameter of type '"deduplicate needs a bound: deduplicate(id, { within: '1h', id: string() })"'.
orders.deduplicate((order: { id: string }) => order.id);

//! Argument of type '(order: { id: string; }) => string' is not assignable to parameter of type '"deduplicate needs the id's serde: deduplicate(id, { within: '1h', id: string() })"'.
orders.deduplicate((order: { id: string }) => order.id, { within: "1h" });

//! Argument of type '(order: { id: string; }) => string' is not assignable to parameter of type '"The key's serde was lost above; give it: deduplicate(id, { key: string() })"'.
orders
  .selectKey((order) => order.id)
  .deduplicate((order: { id: string }) => order.id, { within: "1h", id: string() });

//! Type 'Serde<string>' is not assignable to type 'Serde<number>'.
orders.deduplicate((order) => order.id.length, { within: "1h", id: string() });

//! Argument of type 'KStream<string, { price: number; }, "known", "known">' is not assignable to parameter of type '"An as-of join needs a bound: asOfJoin(other, joiner, { tolerance: '10s' })"'.
orders.asOfJoin(quotes, (order, quote) => [order, quote]);

//! Argument of type 'KTable<string, { price: number; } | null, "known", "known", "unnamed">' is not assignable to parameter of type '"An as-of join has a stream on the other side; of a table: leftJoin(table, joiner), with historyRetention where the table is made"'.
orders.asOfJoin(table, () => 1, { tolerance: "10s" });

//! 'quote' is possibly 'null'.
orders.asOfJoin(quotes, (_order, quote) => quote.price, { tolerance: "10s" });

//! Type 'string' is not assignable to type 'Score'.
orders.groupByKey().topN(3, (order) => order.id);

//! Argument of type 'string' is not assignable to parameter of type 'number'.
orders.groupByKey().topN("3", () => 1);

const recent = orders.groupByKey().count({ store: { name: "recent", ttl: "1d" } });
//! 'n' is possibly 'null'.
recent.toStream().mapValues((n) => n + 1);

//! Argument of type 'string' is not assignable to parameter of type 'number'.
countWindows("1m");

const cogrouped = orders.groupByKey().cogroup((n) => n + 1, { value: double() });
//! Argument of type 'CountWindows' is not assignable to parameter of type '"windowedBy takes tumbling('1m'), hopping('5m', { advance: '1m' }), sliding('10m'), session('30m'), unlimited(), calendar('day', { timeZone: 'Europe/Berlin' }) or customWindows({ size, windowsFor })"'.
cogrouped.windowedBy(countWindows(100));
