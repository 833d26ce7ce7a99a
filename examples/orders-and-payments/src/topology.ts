import { json, otherwise, StreamsBuilder, string, type Duration, type Topology } from "millrace";

/** Topics of the example, all keyed by order, and all with as many partitions. */
export const topics = {
  orders: "orders",
  payments: "payments",
  paid: "paid-orders",
  unpaid: "unpaid-orders",
  unexplained: "unexplained-payments",
} as const;

export interface Order {
  readonly customer: string;
  readonly total: number;
}

export interface Payment {
  readonly amount: number;
}

/** What became of an order, or of a payment. */
export type Settlement = Paid | Unpaid | Unexplained;
export interface Paid {
  readonly outcome: "paid";
  readonly customer: string;
  /** What is still owed; below 0 where too much was paid. */
  readonly open: number;
}
export interface Unpaid {
  readonly outcome: "unpaid";
  readonly customer: string;
  readonly open: number;
}
export interface Unexplained {
  readonly outcome: "unexplained";
  readonly amount: number;
}

export interface SettlementOptions {
  /** How long after the order it may be paid. Default: an hour. */
  readonly payWithin?: Duration;
  /** How late a record may come, against those of either topic. Default: five minutes. */
  readonly grace?: Duration;
}

/**
 * Orders meet the payments that come within an hour of them. An order that nobody pays, and a payment that nobody ordered,
 * come out too, once their time is over: that is what an outer join is for.
 */
export function ordersAndPayments({
  payWithin = "1h",
  grace = "5m",
}: SettlementOptions = {}): Topology {
  const builder = new StreamsBuilder();
  const orders = builder.stream(topics.orders, { key: string(), value: json<Order>() });
  const payments = builder.stream(topics.payments, { key: string(), value: json<Payment>() });

  const { paid, unpaid, unexplained } = orders
    .outerJoin(payments, settle, {
      within: ["0ms", payWithin],
      grace,
      store: "orders-and-payments",
    })
    .split({
      paid: (settlement) => settlement.outcome === "paid",
      unpaid: (settlement) => settlement.outcome === "unpaid",
      unexplained: otherwise,
    });
  paid.to(topics.paid, { value: json<Paid>() });
  unpaid.to(topics.unpaid, { value: json<Unpaid>() });
  unexplained.to(topics.unexplained, { value: json<Unexplained>() });
  return builder.build();
}

function settle(order: Order | null, payment: Payment | null): Settlement {
  const amount = payment?.amount ?? 0;
  if (order === null) return { outcome: "unexplained", amount };
  const { customer, total } = order;
  const outcome = payment === null ? "unpaid" : "paid";
  return { outcome, customer, open: total - amount };
}
