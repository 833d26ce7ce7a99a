// What is done record by record, as users write it, without an annotation but serdes: each type that is inferred is asserted.
import {
  bytes,
  double,
  int64AsNumber,
  json,
  keyValueStore,
  lruStore,
  optional,
  otherwise,
  sessionStore,
  StreamRecord,
  string,
  timestampedKeyValueStore,
  versionedKeyValueStore,
  windowStore,
  type KStream,
  type KTable,
  type ValueAndTimestamp,
  type VersionedRecord,
} from "millrace";

import {
  type Equal,
  check,
  type Value,
  type Order,
  type Refund,
  type Customer,
  builder,
  orders,
  events,
  clicks,
  readings,
  customers,
} from "./dsl-world.ts";

export function deduplicate() {
  const once = orders.deduplicate((order) => order.id, { within: "1d", id: string() });
  check<Equal<typeof once, typeof orders>>();
}

export function splitIntoTypedBranches() {
  const { big, small, refunds, rest } = events.split({
    big: (event) => event.kind === "order" && event.total > 1_000,
    small: (event) => event.kind === "order",
    refunds: (event) => event.kind === "refund",
    rest: otherwise,
  });
  check<Equal<Value<typeof small>, Order>>();
  check<Equal<Value<typeof refunds>, Refund>>();
  check<Equal<Value<typeof rest>, never>>();
  check<Equal<Value<typeof big>, Order | Refund>>();
  refunds.mapValues((refund) => refund.refunded, { value: double() }).to("refunds");
}

export function unionNarrowedByFilter() {
  const real = events.filter((event) => event.kind === "order");
  check<Equal<Value<typeof real>, Order>>();
  const others = events.filterNot((event) => event.kind === "order");
  check<Equal<Value<typeof others>, Refund>>();
  const again = real.merge(others, { key: string(), value: json<Order | Refund>() });
  check<Equal<typeof again, KStream<string, Order | Refund, "known", "known">>>();
}

export function asOfTheTimeOfTheOrder() {
  const rates = builder.table("rates", {
    key: string(),
    value: double(),
    store: { name: "rates", historyRetention: "7d" },
  });
  check<Equal<typeof rates, KTable<string, number | null, "known", "known", "versioned">>>();
  const inEuro = orders.join(rates, (order, rate) => order.total * rate, { grace: "10m" });
  check<Equal<Value<typeof inEuro>, number>>();
  const quotes = builder.stream("quotes", { key: string(), value: double() });
  const traded = orders.asOfJoin(quotes, (order, quote) => ({ id: order.id, quote }), {
    tolerance: "10s",
  });
  check<Equal<Value<typeof traded>, { id: string; quote: number | null }>>();
}

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
    init({ schedule, stock, state, forwardTo, currentSystemTimeMs }) {
      schedule("1m", "wallClockTime", (now) => {
        using entries = stock.all();
        check<Equal<typeof now, number>>();
        for (const { key, value } of entries)
          if (value === 0) forwardTo.short(new StreamRecord(key, value, now));
        state.since = currentSystemTimeMs();
      });
    },
    process(record, { stock, lastSeen, forwardTo, metadata }) {
      const left = stock.get(record.key) ?? 0;
      check<Equal<typeof left, number>>();
      const seen = lastSeen.get(record.key);
      check<Equal<typeof seen, ValueAndTimestamp<Order> | null>>();
      if (left > 0 && metadata !== undefined) forwardTo.shipped(record);
      else forwardTo.short(record.withValue(left));
      lastSeen.put(record.key, { value: record.value, timestamp: record.timestamp });
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
  const same = readings.process({
    process: (record, { forward }) => forward(record, "only-this-child"),
  });
  check<Equal<typeof same, typeof readings>>();
}

export function fixedKeyProcessorOnADslTable() {
  const flagged = orders.processValues({
    stores: {
      customers,
      recent: lruStore({ name: "recent", key: string(), value: double(), entriesMax: 100 }),
    },
    value: json<{ order: Order; country: string | undefined }>(),
    process(record, { customers, recent, forward }) {
      const customer = customers.get(record.value.customer);
      check<Equal<typeof customer, ValueAndTimestamp<Customer> | null>>();
      recent.put(record.key, record.value.total);
      forward(record.withValue({ order: record.value, country: customer?.value.country }));
    },
  });
  check<
    Equal<
      typeof flagged,
      KStream<string, { order: Order; country: string | undefined }, "known", "known">
    >
  >();
}

export function asyncEnrichmentWithRetryAndDeadLetter() {
  const scored = orders
    .mapValuesAsync(
      async (order, customer, { signal, attempt }) => {
        const response = await fetch(`https://score/${customer}?n=${attempt}`, { signal });
        return { id: order.id, score: Number(await response.text()) };
      },
      {
        concurrency: 100,
        order: "key",
        timeout: "2s",
        retry: { attempts: 5, backoff: { from: "100ms", to: "10s" } },
        onGiveUp: "deadLetter",
      },
    )
    .filter(({ score }) => score > 0.5);
  check<Equal<typeof scored, KStream<string, { id: string; score: number }, "known", "lost">>>();
  const words = clicks.flatMapValuesAsync(async (click) => click.page.split("/"), {
    value: string(),
  });
  check<Equal<typeof words, KStream<string, string, "known", "known">>>();
  orders.foreachAsync((order) => fetch(`https://mail/${order.id}`), {
    concurrency: 10,
    onGiveUp: "continue",
  });
}

export function dynamicTopicRouting() {
  orders.to((order, _key, { metadata }) => `orders-${order.customer}-${metadata?.partition ?? 0}`, {
    partitioner: (order, _key, partitionCount) =>
      order.total > 100 ? [] : order.product % partitionCount,
  });
  const totals = orders.mapValues((order) => order.total);
  totals.to((total) => (total > 100 ? "big" : "small"), { value: double() });
}

export function headersAndMetadata() {
  const traced = orders
    .filter((_order, _key, { headers }) => headers.some(([name]) => name === "trace"))
    .mapValues((order, _key, { metadata, timestamp }) => ({
      ...order,
      age: timestamp,
      offset: metadata?.offset ?? -1,
    }));
  check<Equal<Value<typeof traced>["offset"], number>>();
  const stamped = orders.process({
    process: (record, { forward }) =>
      forward(record.withHeaders([...record.headers, ["seen", new Uint8Array()]])),
  });
  check<Equal<typeof stamped, typeof orders>>();
}

export function nullableValues() {
  const raw = builder.stream("raw");
  check<Equal<typeof raw, KStream<Uint8Array | null, Uint8Array | null, "known", "known">>>();
  const updates = builder.stream("cdc", { key: string(), value: optional(json<Customer>()) });
  check<Equal<Value<typeof updates>, Customer | null>>();
  const alive = updates.filter((customer) => customer !== null);
  check<Equal<Value<typeof alive>, Customer>>();
  alive
    .mapValues((customer) => customer.email ?? null)
    .filter((email) => email !== null)
    .to("emails", { value: string() });
  const latest = updates.toTable({ store: "latest" });
  check<Equal<typeof latest, KTable<string, Customer | null, "known", "known", "keyValue">>>();
  builder
    .stream("blobs", { key: string(), value: bytes() })
    .mapValues((blob) => blob.length, { value: int64AsNumber() })
    .to("sizes");
}

export function wordCount() {
  const counts = builder
    .stream("lines", { value: string() })
    .flatMapValues((line) => line.toLowerCase().split(/\W+/), { value: string() })
    .groupBy((word) => word, { key: string() })
    .count({ store: "counts" });
  check<Equal<typeof counts, KTable<string, number, "known", "known", "keyValue">>>();
}

export function storesOfEveryKindInAProcessor() {
  orders.process({
    stores: {
      windows: windowStore({
        name: "windows",
        key: string(),
        value: double(),
        windowSize: "1m",
        retention: "1h",
      }),
      sessions: sessionStore({ name: "sessions", key: string(), value: double(), retention: "1h" }),
      versions: versionedKeyValueStore({
        name: "versions",
        key: string(),
        value: double(),
        historyRetention: "1h",
      }),
    },
    process(record, { windows, sessions, versions, commit }) {
      windows.put(record.key, record.value.total, record.timestamp);
      using found = sessions.findSessions(record.key, { earliestEnd: 0 });
      for (const { value } of found) check<Equal<typeof value, number>>();
      const before = versions.get(record.key, record.timestamp - 1);
      check<Equal<typeof before, VersionedRecord<number> | null>>();
      commit();
    },
  });
}

export function repartitionPrintPeek() {
  const spread = orders
    .selectKey((order) => order.product)
    .repartition({ name: "by-product", partitions: 8, key: int64AsNumber() })
    .peek((order) => console.log(order.id));
  check<Equal<typeof spread, KStream<number, Order, "known", "known">>>();
  spread.foreach((order) => console.log(order.total));
}

export function aGlobalStoreOfOnesOwn() {
  const blocked = keyValueStore({ name: "blocked", key: string(), value: double() });
  builder.addGlobalStore(blocked, "blocked", {
    key: string(),
    value: double(),
    process: (record, { store }) => store.put(record.key, record.value),
  });
}
