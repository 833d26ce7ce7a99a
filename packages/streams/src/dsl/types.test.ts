import { double, int64AsNumber, json, optional, string } from "@millrace/serde";
import type { Windowed } from "@millrace/model";
import { expect, expectTypeOf, test } from "vitest";

import { TopologyError } from "../error/topology-error.ts";
import { skipInvalidTimestamps } from "../processor/timestamp-extractor.ts";
import type { KStream } from "./types/k-stream.ts";
import type { KTable } from "./types/k-table.ts";
import { StreamsBuilder } from "./streams-builder.ts";
import { session } from "./windows/session-windows.ts";
import { sliding } from "./windows/sliding-windows.ts";
import { untilTimeLimit, untilWindowCloses } from "./suppressed.ts";
import { tumbling } from "./windows/time-windows.ts";

interface Order {
  readonly customer: string;
  readonly total: number;
}

interface Refund {
  readonly customer: string;
  readonly refunded: number;
}

type ValueOf<Stream extends { readonly carries: { readonly value: unknown } }> =
  Stream["carries"]["value"];

const orders = () =>
  new StreamsBuilder().stream("orders", { key: string(), value: json<Order | Refund>() });

function isOrder(value: Order | Refund): value is Order {
  return "total" in value;
}

test("types come from the serdes", () => {
  expectTypeOf(orders()).toEqualTypeOf<KStream<string, Order | Refund, "known", "known">>();
  const raw = new StreamsBuilder().stream("bytes");
  expectTypeOf(raw).toEqualTypeOf<
    KStream<Uint8Array | null, Uint8Array | null, "known", "known">
  >();
  const nullable = new StreamsBuilder().stream("in", { value: optional(string()) });
  expectTypeOf<ValueOf<typeof nullable>>().toEqualTypeOf<string | null>();
  const timed = new StreamsBuilder().stream("orders", {
    key: string(),
    value: json<Order>(),
    timestampExtractor: ({ value }) => value.total,
  });
  expectTypeOf<ValueOf<typeof timed>>().toEqualTypeOf<Order>();
  const skipping = new StreamsBuilder().stream("orders", {
    value: json<Order>(),
    timestampExtractor: skipInvalidTimestamps,
  });
  expectTypeOf<ValueOf<typeof skipping>>().toEqualTypeOf<Order>();
  const table = new StreamsBuilder().table("customers", { key: string(), value: string() });
  expectTypeOf(table).toEqualTypeOf<KTable<string, string | null, "known", "known", "unnamed">>();
});

test("a type guard narrows, and merge unites", () => {
  const stream = orders();
  const real = stream.filter(isOrder);
  const refunds = stream.filterNot(isOrder);
  expectTypeOf<ValueOf<typeof real>>().toEqualTypeOf<Order>();
  expectTypeOf<ValueOf<typeof refunds>>().toEqualTypeOf<Refund>();
  const totals = real.mapValues((order) => order.total);
  const both = totals.merge(refunds);
  expectTypeOf<ValueOf<typeof both>>().toEqualTypeOf<number | Refund>();
});

test("a guard that TypeScript infers narrows, and what is truthy may decide", () => {
  const noted = new StreamsBuilder()
    .stream("notes", { key: string(), value: optional(json<{ readonly note?: string }>()) })
    .filter((value) => value !== null);
  expectTypeOf<ValueOf<typeof noted>>().toEqualTypeOf<{ readonly note?: string }>();
  const some = noted.filter((value) => value.note);
  expectTypeOf<ValueOf<typeof some>>().toEqualTypeOf<{ readonly note?: string }>();
});

test("lists of results say what they hold, and any stays any", () => {
  const stream = orders();
  const values = stream.flatMapValues((value) => (isOrder(value) ? [value.total] : []));
  expectTypeOf<ValueOf<typeof values>>().toEqualTypeOf<number>();
  const generated = stream.flatMapValues(function* (value) {
    yield value.customer;
  });
  expectTypeOf<ValueOf<typeof generated>>().toEqualTypeOf<string>();
  const pairs = stream.flatMap((value) => [{ key: value.customer, value: 1 }]);
  expectTypeOf(pairs).toEqualTypeOf<KStream<string, number, "lost", "lost">>();
  const parsed = stream.mapValues((value) => JSON.parse(value.customer));
  expectTypeOf<ValueOf<typeof parsed>>().toBeAny();
});

test("serdes that are given for lists are those of what the lists hold", () => {
  const stream = orders();
  const words = stream.flatMapValues((value) => value.customer.split(" "), { value: string() });
  expectTypeOf(words).toEqualTypeOf<KStream<string, string, "known", "known">>();
  const pairs = stream.flatMap((value) => [{ key: value.customer, value: 1 }], {
    key: string(),
    value: double(),
  });
  expectTypeOf(pairs).toEqualTypeOf<KStream<string, number, "known", "known">>();
  const keyed = stream.flatMap((value) => [{ key: value.customer, value: 1 }], { key: string() });
  expectTypeOf(keyed).toEqualTypeOf<KStream<string, number, "known", "lost">>();
  // @ts-expect-error -- texts are no numbers
  stream.flatMapValues((value) => value.customer.split(" "), { value: double() });
  // @ts-expect-error -- nor are keys
  stream.flatMap((value) => [{ key: value.customer, value: 1 }], { key: double() });
});

test("a user's own generic operator compiles", () => {
  const latest = <V extends { readonly customer: string }>(
    stream: KStream<string, V, "known", "known">,
  ) =>
    stream
      .filter((value) => value.customer !== "")
      .mapValues((value) => ({ value, size: value.customer.length }))
      .selectKey(({ value }) => value.customer);
  const found = latest(orders());
  expectTypeOf<ValueOf<typeof found>>().toEqualTypeOf<{ value: Order | Refund; size: number }>();
  const wide: KStream<string, Order | Refund | null> = orders();
  expect(wide.kind).toBe("stream");
});

test("aggregations have the type of their serde", () => {
  const grouped = orders()
    .filter(isOrder)
    .groupBy((order) => order.customer, { key: string() });
  expectTypeOf(grouped.count()).toEqualTypeOf<
    KTable<string, number, "known", "known", "unnamed">
  >();
  const sums = grouped.aggregate(
    () => 0,
    (sum, order) => sum + order.total,
    { value: double() },
  );
  expectTypeOf<ValueOf<typeof sums>>().toEqualTypeOf<number>();
  const largest = grouped.reduce((left, right) => (left.total > right.total ? left : right));
  expectTypeOf<ValueOf<typeof largest>>().toEqualTypeOf<Order>();
  const none = (): string => "none";
  const keep = (sum: number): number => sum;
  // @ts-expect-error the initial aggregate must be of the type of the serde
  grouped.aggregate(none, keep, { value: double() });
});

test("tables of sessions hold null, unless results come once", () => {
  const sessions = orders().filter(isOrder).groupByKey().windowedBy(session("30m"));
  expectTypeOf(sessions.count({ store: "visits" })).toEqualTypeOf<
    KTable<Windowed<string>, number | null, "known", "known", "session">
  >();
  const final = sessions.emitStrategy("onWindowClose");
  expectTypeOf<ValueOf<ReturnType<typeof final.count>>>().toEqualTypeOf<number>();
  const sums = final.aggregate(
    () => 0,
    { aggregator: (sum, order) => sum + order.total, merger: (left, right) => left + right },
    { value: double() },
  );
  expectTypeOf<ValueOf<typeof sums>>().toEqualTypeOf<number>();
});

test("cogrouped streams have the type of their serde, and each aggregator that of its stream", () => {
  const all = orders();
  const [bought, refunded] = [all.filter(isOrder), all.filterNot(isOrder)];
  const balance = bought
    .groupByKey()
    .cogroup((sum, order) => sum + order.total, { value: double() })
    .cogroup(refunded.groupByKey(), (sum, refund) => sum - refund.refunded);
  type Table = ReturnType<typeof balance.aggregate>;
  expectTypeOf<ValueOf<Table>>().toEqualTypeOf<number>();
  const perSession = () =>
    balance.windowedBy(session("1h")).aggregate(
      () => 0,
      (left, right) => left + right,
    );
  expectTypeOf<ValueOf<ReturnType<typeof perSession>>>().toEqualTypeOf<number | null>();
  const sliding10 = () => balance.windowedBy(sliding("10m")).aggregate(() => 0, { store: "s" });
  expectTypeOf<ReturnType<typeof sliding10>>().toEqualTypeOf<
    KTable<Windowed<string>, number, "known", "known", "window">
  >();
});

test("DSL-2: a serde that was lost must be given where it is needed", () => {
  const names = orders().mapValues((order) => order.customer);
  names.to("names", { value: string() });
  // @ts-expect-error the value's serde was lost
  expect(() => names.to("names")).toThrow(TopologyError);
  // @ts-expect-error the value's serde was lost
  expect(() => names.groupByKey()).toThrow(TopologyError);
  const pairs = orders().map((order) => ({ key: order.customer, value: 1 }));
  pairs.to("pairs", { key: string(), value: int64AsNumber() });
  // @ts-expect-error both serdes were lost
  expect(() => pairs.to("pairs", { key: string() })).toThrow(TopologyError);
  // @ts-expect-error the serde is of another type
  names.to("names", { value: double() });
  orders().to("copy");
});

test("final results hold no null; what is only delayed does", () => {
  const grouped = new StreamsBuilder()
    .stream("in", { key: string(), value: optional(string()) })
    .groupByKey();
  const windowed = grouped.windowedBy(tumbling("1m")).aggregate(
    (): string | null => null,
    (_, value) => value,
    { value: optional(string()) },
  );
  const final = windowed.suppress(untilWindowCloses());
  const delayed = windowed.suppress(untilTimeLimit("5s"));
  expectTypeOf<ValueOf<typeof final>>().toEqualTypeOf<string>();
  expectTypeOf<ValueOf<typeof delayed>>().toEqualTypeOf<string | null>();
});

test("untilWindowCloses below a table without windows is refused, with the way to it", () => {
  const table = new StreamsBuilder().table("in", { key: string(), value: string() });
  const mapped = table.mapValues((value) => value, { value: string(), name: "mapped" });
  expect(() => mapped.suppress(untilWindowCloses() as never)).toThrow(
    expect.objectContaining({
      code: "NO_WINDOWS",
      message: expect.stringContaining("KTABLE-SOURCE-0000000002 -> mapped"),
    }),
  );
});
