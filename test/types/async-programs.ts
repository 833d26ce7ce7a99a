// Operators that await as users write them, without an annotation but serdes: each type that is inferred is asserted.
import { double, json, StreamsBuilder, string, type KStream } from "millrace";

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function check<_T extends true>(): void;

interface Order {
  readonly id: string;
  readonly total: number;
}

const builder = new StreamsBuilder();
const orders = builder.stream("orders", { key: string(), value: json<Order>() });

export function enrichmentWithRetryAndDeadLetters() {
  const scored = orders
    .mapValuesAsync(
      async (order, customer, { signal, attempt, headers, timestamp, metadata }) => {
        check<Equal<typeof order, Order>>();
        check<Equal<typeof customer, string>>();
        const place = `${metadata?.topic}-${metadata?.offset}-${headers.length}-${timestamp}`;
        const response = await fetch(`https://score/${customer}/${place}?n=${attempt}`, { signal });
        return { id: order.id, score: Number(await response.text()) };
      },
      {
        concurrency: 100,
        order: "key",
        timeout: "2s",
        retry: {
          attempts: 5,
          backoff: { from: "100ms", to: "10s" },
          when: (error) => error instanceof Error,
        },
        onGiveUp: "deadLetter",
      },
    )
    .filter(({ score }) => score > 0.5);
  check<Equal<typeof scored, KStream<string, { id: string; score: number }, "known", "lost">>>();
}

export function aSerdeIsKnownFromThereOn() {
  const totals = orders.mapValuesAsync(async (order) => order.total, {
    onGiveUp: {
      value: (error, order, key) => {
        check<Equal<typeof error, unknown>>();
        check<Equal<typeof order, Order>>();
        check<Equal<typeof key, string>>();
        return 0;
      },
    },
    value: double(),
  });
  check<Equal<typeof totals, KStream<string, number, "known", "known">>>();
  totals.groupByKey().count();
}

export function severalValues() {
  const letters = orders.flatMapValuesAsync(async (order) => order.id.split(""), {
    value: string(),
  });
  check<Equal<typeof letters, KStream<string, string, "known", "known">>>();
}

export function actions() {
  orders.foreachAsync((order) => fetch(`https://mail/${order.id}`), {
    concurrency: 10,
    onGiveUp: "continue",
  });
}

export function lostSerdesAreGiven() {
  const ids = orders.mapValues((order) => order.id);
  const lengths = ids.mapValuesAsync(async (id) => id.length, { input: string() });
  check<Equal<typeof lengths, KStream<string, number, "known", "lost">>>();
  const keyed = orders.selectKey((order) => order.id);
  const known = keyed.mapValuesAsync(async (order) => order.total, {
    key: string(),
    value: double(),
  });
  check<Equal<typeof known, KStream<string, number, "known", "known">>>();
}
