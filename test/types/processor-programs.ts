// Processors as users write them, without an annotation but serdes: each type that is inferred is asserted.
import {
  double,
  int64AsNumber,
  json,
  keyValueStore,
  session,
  StreamRecord,
  StreamsBuilder,
  string,
  timestampedKeyValueStore,
  tumbling,
  type KStream,
  type KTable,
  type ReadOnlyKeyValueStore,
  type ReadOnlySessionStore,
  type ReadOnlyWindowStore,
  type ValueAndTimestamp,
  type Windowed,
} from "millrace";

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function check<_T extends true>(): void;

interface Order {
  readonly customer: string;
  readonly total: number;
}
interface Customer {
  readonly country: string;
}
interface Reading {
  readonly celsius: number;
}

const builder = new StreamsBuilder();
const orders = builder.stream("orders", { key: string(), value: json<Order>() });
const readings = builder.stream("readings", { key: string(), value: json<Reading>() });
const customers = builder.table("customers", {
  key: string(),
  value: json<Customer>(),
  store: "customers",
});

export function inventoryWithTwoStoresATimerAndChildren() {
  const stock = keyValueStore({ name: "stock", key: string(), value: int64AsNumber() });
  const lastSeen = timestampedKeyValueStore({
    name: "last-seen",
    key: string(),
    value: json<Order>(),
  });
  const { shipped, short } = orders.process({
    stores: { stock, lastSeen },
    outputs: {
      shipped: { key: string(), value: json<Order>() },
      short: { key: string(), value: int64AsNumber() },
    },
    state: () => ({ since: 0 }),
    init({ schedule, stock: store, state, forwardTo, currentSystemTimeMs }) {
      schedule("1m", "wallClockTime", (now) => {
        check<Equal<typeof now, number>>();
        using entries = store.all();
        for (const { key, value } of entries)
          if (value === 0) forwardTo.short(new StreamRecord(key, value, now));
        state.since = currentSystemTimeMs();
      });
      schedule({ interval: 1000, startTime: 0 }, "streamTime", () => forwardTo)[Symbol.dispose]();
    },
    process(record, { stock: store, lastSeen: seenBefore, forwardTo, metadata }) {
      const left = store.get(record.key) ?? 0;
      check<Equal<typeof left, number>>();
      const seen = seenBefore.get(record.key);
      check<Equal<typeof seen, ValueAndTimestamp<Order> | null>>();
      if (left > 0 && metadata !== undefined) forwardTo.shipped(record);
      else forwardTo.short(record.withValue(left));
      seenBefore.put(record.key, { value: record.value, timestamp: record.timestamp });
    },
    close({ stock: store }) {
      check<Equal<typeof store.name, string>>();
    },
  });
  check<Equal<typeof shipped, KStream<string, Order, "known", "known">>>();
  check<Equal<typeof short, KStream<string, number, "known", "known">>>();
}

export function processToAnotherType() {
  const alerts = readings.process({
    stores: { previous: keyValueStore({ name: "previous", key: string(), value: double() }) },
    output: { key: string(), value: json<{ from: number; to: number }>() },
    process(record, { previous, forward }) {
      const from = previous.get(record.key);
      if (from !== null && Math.abs(from - record.value.celsius) > 10)
        forward(record.withValue({ from, to: record.value.celsius }));
      previous.put(record.key, record.value.celsius);
    },
  });
  check<Equal<typeof alerts, KStream<string, { from: number; to: number }, "known", "known">>>();
  alerts.groupByKey().count();
}

export function whatGoesOutIsAsWhatCameIn() {
  const same = readings.process({
    process: (record, { forward }) => forward(record, "only-this-child"),
  });
  check<Equal<typeof same, typeof readings>>();
  const stamped = orders.process(
    {
      process: (record, { forward }) =>
        forward(record.withHeaders([...record.headers, ["seen", new Uint8Array()]])),
    },
    { name: "stamp" },
  );
  check<Equal<typeof stamped, typeof orders>>();
  const totals = orders.mapValues((order) => order.total);
  const still = totals.process({ process: (record, { forward }) => forward(record) });
  check<Equal<typeof still, KStream<string, number, "known", "lost">>>();
}

export function fixedKeyProcessorOnATable() {
  const flagged = orders.processValues({
    stores: {
      customers,
      recent: keyValueStore({ name: "recent", key: string(), value: double() }),
    },
    value: json<{ order: Order; country: string | undefined }>(),
    process(record, { customers: known, recent, forward }) {
      check<Equal<typeof known, ReadOnlyKeyValueStore<string, ValueAndTimestamp<Customer>>>>();
      recent.put(record.key, record.value.total);
      const country = known.get(record.value.customer)?.value.country;
      forward(record.withValue({ order: record.value, country }));
    },
  });
  check<
    Equal<
      typeof flagged,
      KStream<string, { order: Order; country: string | undefined }, "known", "known">
    >
  >();
  const kept = orders.processValues({
    process: (record, { forward }) => forward(record.withTimestamp(record.timestamp + 1)),
  });
  check<Equal<typeof kept, typeof orders>>();
}

export function windowsAndSessionsOfTables() {
  const grouped = orders.groupByKey();
  const perMinute = grouped.windowedBy(tumbling("1m")).count({ store: "per-minute" });
  const visits = grouped.windowedBy(session("30m")).count({ store: { name: "visits" } });
  orders.process({
    stores: { perMinute, visits },
    process(record, { perMinute: windows, visits: sessions }) {
      check<Equal<typeof windows, ReadOnlyWindowStore<string, ValueAndTimestamp<number>>>>();
      check<Equal<typeof sessions, ReadOnlySessionStore<string, number>>>();
      check<Equal<ReturnType<typeof sessions.fetchSession>, number | null>>();
      for (const { key } of windows.fetchRange(record.key, { from: record.timestamp }))
        check<Equal<typeof key, Windowed<string>>>();
    },
  });
}

export function transformersOfTables() {
  const limits = keyValueStore({ name: "limits", key: string(), value: double() });
  const named = customers.transformValues(
    {
      stores: { limits, customers },
      state: () => ({ calls: 0 }),
      init: ({ schedule }) => void schedule("1m", "streamTime", () => {}),
      transform(customer, id, { limits: known, state, record }) {
        check<Equal<typeof customer, Customer | null>>();
        check<Equal<typeof id, string>>();
        check<Equal<typeof record.timestamp, number>>();
        return customer === null ? null : { limit: known.get(id) ?? 0, calls: state.calls };
      },
    },
    { value: json<{ limit: number; calls: number }>(), store: "limited" },
  );
  check<
    Equal<
      typeof named,
      KTable<string, { limit: number; calls: number } | null, "known", "known", "keyValue">
    >
  >();
  const lost = customers.transformValues({ transform: (customer) => customer?.country ?? "none" });
  check<Equal<typeof lost, KTable<string, string, "known", "lost", "unnamed">>>();
}

// A stream with processors is still a stream of what its values have in common.
export function supertypes(): KStream<string, { readonly total: number }> {
  return orders.process({ process: (record, { forward }) => forward(record) });
}
