// Joins of streams as users write them, without an annotation but serdes: each type that is inferred is asserted.
import { double, json, StreamsBuilder, string, type KStream } from "millrace";

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function check<_T extends true>(): void;

interface Order {
  readonly customer: string;
  readonly total: number;
}
interface Payment {
  readonly order: string;
  readonly amount: number;
}

const builder = new StreamsBuilder();
const orders = builder.stream("orders", { key: string(), value: json<Order>() });
const payments = builder.stream("payments", { key: string(), value: json<Payment>() });

export function bothSidesAreThereInAnInnerJoin() {
  const open = orders.join(payments, (order, payment) => order.total - payment.amount, {
    within: "1h",
    grace: "5m",
  });
  check<Equal<typeof open, KStream<string, number, "known", "lost">>>();
  open.to("open", { value: double() });
}

export function theRightSideMayBeMissingInALeftJoin() {
  const paid = orders.leftJoin(payments, (order, payment) => order.total - (payment?.amount ?? 0), {
    within: ["0ms", "1h"],
    value: double(),
    store: { name: "paid", engine: "memory", logging: false, retention: "1d" },
    unmatched: "atOnce",
    name: "pay",
  });
  check<Equal<typeof paid, KStream<string, number, "known", "known">>>();
  paid.to("paid");
}

export function anySideMayBeMissingInAnOuterJoin() {
  orders
    .outerJoin(
      payments,
      (order, payment, key) => {
        check<Equal<typeof order, Order | null>>();
        check<Equal<typeof payment, Payment | null>>();
        check<Equal<typeof key, string>>();
        return { order, payment };
      },
      { within: "1h" },
    )
    .filter(({ order }) => order === null);
}

export function keysAndSerdesThatWereLostAreGiven() {
  const byOrder = payments.selectKey((payment) => payment.order);
  const totals = orders.mapValues((order) => order.total);
  const joined = byOrder.leftJoin(totals, (payment, total) => payment.amount - (total ?? 0), {
    within: [-60_000, "1h"],
    key: string(),
    right: double(),
  });
  check<Equal<typeof joined, KStream<string, number, "known", "lost">>>();
}

export function aStreamIsJoinedWithItself() {
  orders.join(orders, (one, other) => [one.total, other.total], { within: "5m" });
}
