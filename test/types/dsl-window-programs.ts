// Windows, as users write it, without an annotation but serdes: each type that is inferred is asserted.
import {
  calendar,
  customWindows,
  double,
  hopping,
  int64AsNumber,
  json,
  keyValueStore,
  session,
  sliding,
  string,
  tumbling,
  unlimited,
  untilWindowCloses,
  windowed,
  type KStream,
  type KTable,
  type ValueAndTimestamp,
  type Windowed,
} from "millrace";
import { TopologyTestDriver } from "@millrace/testing";

import {
  type Equal,
  check,
  type Key,
  type Value,
  type Order,
  type Customer,
  type Reading,
  type Cart,
  builder,
  orders,
  payments,
  clicks,
  readings,
  customers,
} from "./dsl-world.ts";

export function sessionsPerUser() {
  const sessions = clicks
    .groupBy((click) => click.user, { key: string() })
    .windowedBy(session("30m", { grace: "1m" }))
    .aggregate(
      () => ({ pages: 0 }),
      {
        aggregator: (visit, click) => ({ pages: visit.pages + (click.page === "/health" ? 0 : 1) }),
        merger: (left, right) => ({ pages: left.pages + right.pages }),
      },
      { value: json<{ pages: number }>(), store: "visits" },
    );
  check<
    Equal<
      typeof sessions,
      KTable<Windowed<string>, { pages: number } | null, "known", "known", "session">
    >
  >();

  const lengths = sessions
    .toStream()
    .filter((visit) => visit !== null)
    .map(
      (visit, { key, window }) => ({ key, value: visit.pages / (window.end - window.start + 1) }),
      {
        key: string(),
        value: double(),
      },
    );
  check<Equal<typeof lengths, KStream<string, number, "known", "known">>>();
  lengths.to("pages-per-ms");
}

export function sessionsFinal() {
  const final = clicks
    .groupByKey()
    .windowedBy(session("30m"))
    .emitStrategy("onWindowClose")
    .count();
  check<Equal<Value<typeof final>, number>>();
}

export function hoppingSuppressedToClose() {
  const perFive = orders
    .groupByKey()
    .windowedBy(hopping("5m", { advance: "1m", grace: "30s" }))
    .reduce((left, right) => (left.total > right.total ? left : right), {
      store: { name: "largest", retention: "1d" },
    })
    .suppress(untilWindowCloses({ records: 10_000 }));
  check<Equal<typeof perFive, KTable<Windowed<string>, Order, "known", "known", "unnamed">>>();
  perFive.toStream().to("largest", { key: windowed(string(), { size: "5m" }) });
}

export function slidingFraud() {
  const suspicious = payments
    .groupByKey()
    .windowedBy(sliding("10m", { grace: "1m" }))
    .aggregate(
      () => 0,
      (sum, payment) => sum + payment.amount,
      { value: double(), store: "spent" },
    )
    .filter((sum) => sum > 5_000)
    .toStream((_sum, { key }) => key)
    .filter((sum) => sum !== null);
  check<Equal<typeof suspicious, KStream<string, number, "lost", "known">>>();
  suspicious.to("suspicious", { key: string() });
}

export function topPagesPerHour() {
  const perPage = clicks
    .groupBy((click) => click.page, { key: string() })
    .windowedBy(tumbling("1h"))
    .count({ store: "page-hours" });
  const top = perPage
    .groupBy((n, { key: page, window }) => ({ key: window.start, value: { page, n } }), {
      key: int64AsNumber(),
      value: json<{ page: string; n: number }>(),
    })
    .topN(10, ({ n }) => n, { store: "trending" });
  check<
    Equal<
      typeof top,
      KTable<number, readonly { page: string; n: number }[], "known", "known", "keyValue">
    >
  >();
  const topReadings = readings
    .groupByKey()
    .windowedBy(tumbling("1h"))
    .topN(3, (reading) => reading.celsius);
  check<Equal<Value<typeof topReadings>, readonly Reading[]>>();
}

export function calendarDays() {
  const daily = readings
    .groupByKey()
    .windowedBy(calendar("day", { timeZone: "Europe/Berlin", grace: "1h" }))
    .aggregate(
      () => ({ highest: -273.15 }),
      (day, { celsius }) => ({ highest: Math.max(day.highest, celsius) }),
      { value: json<{ highest: number }>(), store: "days" },
    );
  check<
    Equal<typeof daily, KTable<Windowed<string>, { highest: number }, "known", "known", "window">>
  >();
}

export function otherWindows() {
  const shifts = readings
    .groupByKey()
    .windowedBy(
      customWindows({
        size: "8h",
        windowsFor: (at) => [{ start: at - (at % 28_800_000), end: at }],
      }),
    )
    .count();
  check<Equal<Key<typeof shifts>, Windowed<string>>>();
  const everything = readings
    .groupByKey()
    .windowedBy(unlimited({ startOn: 0 }))
    .count();
  check<Equal<Key<typeof everything>, Windowed<string>>>();
}

export function cogroupThreeStreams() {
  const carts = orders
    .groupByKey()
    .cogroup((cart, order) => ({ ...cart, items: cart.items + (order.total > 0 ? 1 : 0) }), {
      value: json<Cart>(),
    })
    .cogroup(payments.groupByKey(), (cart, payment) => ({
      ...cart,
      paid: cart.paid + payment.amount,
    }))
    .cogroup(clicks.groupByKey(), (cart, click) => ({
      ...cart,
      clicks: cart.clicks + click.page.length,
    }))
    .aggregate(() => ({ items: 0, paid: 0, clicks: 0 }), { store: "carts" });
  check<Equal<typeof carts, KTable<string, Cart, "known", "known", "keyValue">>>();
  const hourly = orders
    .groupByKey()
    .cogroup((n, order) => n + order.total, { value: double() })
    .windowedBy(tumbling("1h"))
    .aggregate(() => 0);
  check<Equal<Key<typeof hourly>, Windowed<string>>>();
  const perVisit = orders
    .groupByKey()
    .cogroup((n, order) => n + order.total, { value: double() })
    .windowedBy(session("30m"))
    .aggregate(
      () => 0,
      (left, right) => left + right,
      { store: "per-visit" },
    );
  check<
    Equal<typeof perVisit, KTable<Windowed<string>, number | null, "known", "known", "session">>
  >();
}

export async function testsOverWindowedStores() {
  const perMinute = orders.groupByKey().windowedBy(tumbling("1m")).count({ store: "per-minute" });
  perMinute.toStream().to("per-minute", { key: windowed(string(), { size: "1m" }) });
  await using driver = new TopologyTestDriver(builder.build());
  driver
    .input("orders", { key: string(), value: json<Order>() })
    .pipe(
      "ada",
      { kind: "order", id: "1", customer: "ada", product: 1, total: 5 },
      { timestamp: 61_000 },
    );
  const output = driver
    .output("per-minute", { key: windowed(string(), { size: "1m" }), value: int64AsNumber() })
    .read();
  check<Equal<typeof output.key, Windowed<string> | null>>();
  const stock = keyValueStore({ name: "stock", key: string(), value: double() });
  driver.store(stock).put("ada", 1);
  const found = driver.store(customers).get("ada");
  check<Equal<typeof found, ValueAndTimestamp<Customer> | null>>();
}
