// What has no counterpart in Kafka Streams, as users write it, without an annotation but serdes.
import {
  calendar,
  counted,
  countWindows,
  type Counted,
  double,
  customWindows,
  json,
  StreamsBuilder,
  string,
  untilWindowCloses,
  windowed,
  type KStream,
  type KTable,
  type Windowed,
} from "millrace";

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function check<_T extends true>(): void;

interface Reading {
  readonly celsius: number;
}
const builder = new StreamsBuilder();
const readings = builder.stream("readings", { key: string(), value: json<Reading>() });

const days = calendar("day", { timeZone: "Europe/Berlin", grace: "1h" });
const highest = readings
  .groupByKey()
  .windowedBy(days)
  .aggregate(
    () => ({ highest: -273.15 }),
    (day, { celsius }) => ({ highest: Math.max(day.highest, celsius) }),
    { value: json<{ highest: number }>(), store: "days" },
  );
check<
  Equal<typeof highest, KTable<Windowed<string>, { highest: number }, "known", "known", "window">>
>();
highest.suppress(untilWindowCloses()).toStream().to("days");
builder.stream("days", { key: windowed(string(), days), value: json<{ highest: number }>() });
calendar("week", { timeZone: "Asia/Riyadh", weekStartsOn: "sunday" });

const shifts = readings
  .groupByKey()
  .windowedBy(
    customWindows({ size: "8h", windowsFor: (at) => [{ start: at - (at % 100), end: at + 1 }] }),
  )
  .count();
check<Equal<typeof shifts, KTable<Windowed<string>, number, "known", "known", "unnamed">>>();

interface Order {
  readonly id: string;
  readonly customer: string | null;
}
const orders = builder.stream("orders", { key: string(), value: json<Order>() });
const once = orders.deduplicate((order) => order.id, { within: "1d", id: string() });
check<Equal<typeof once, typeof orders>>();
orders.deduplicate((order, key, { headers }) => (headers.length > 0 ? key : order.customer), {
  within: "1d",
  id: string(),
});
const byCustomer = orders
  .selectKey((order) => order.customer ?? "")
  .deduplicate((_order, key) => key, { within: "1d", id: string(), key: string() });
check<Equal<typeof byCustomer, KStream<string, Order, "known", "known">>>();

const joined = orders.asOfJoin(readings, (order, reading) => ({ order, reading }), {
  tolerance: "10s",
});
check<
  Equal<typeof joined, KStream<string, { order: Order; reading: Reading | null }, "known", "lost">>
>();
const lost = orders.mapValues((order) => order.id);
lost.asOfJoin(readings, (id, reading) => `${id} ${reading?.celsius}`, {
  tolerance: "10s",
  value: string(),
});

const top = readings.groupByKey().topN(3, (reading) => reading.celsius, { store: "top" });
check<Equal<typeof top, KTable<string, readonly Reading[], "known", "known", "keyValue">>>();
const topOfDay = readings
  .groupByKey()
  .windowedBy(days)
  .topN(3, (reading, sensor) => [reading.celsius, sensor.length]);
check<
  Equal<typeof topOfDay, KTable<Windowed<string>, readonly Reading[], "known", "known", "unnamed">>
>();
const perDay = shifts
  .groupBy((n, { key, window }) => ({ key: `${window.start}`, value: { key, n } }), {
    key: string(),
    value: json<{ key: string; n: number }>(),
  })
  .topN(10, ({ n }) => n);
check<
  Equal<
    typeof perDay,
    KTable<string, readonly { key: string; n: number }[], "known", "known", "unnamed">
  >
>();

const seen = readings.groupByKey().count({ store: { name: "seen", ttl: "30d" } });
check<Equal<typeof seen, KTable<string, number | null, "known", "known", "keyValue">>>();

const hundreds = readings
  .groupByKey()
  .windowedBy(countWindows(100, { advance: 10 }))
  .emitStrategy("onWindowClose")
  .aggregate(
    () => 0,
    (sum, { celsius }) => sum + celsius / 100,
    { value: double(), store: "means" },
  );
check<Equal<typeof hundreds, KTable<Counted<string>, number, "known", "known", "keyValue">>>();
builder.stream("means", { key: counted(string()), value: double() });
