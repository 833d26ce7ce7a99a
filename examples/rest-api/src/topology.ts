import { json, StreamsBuilder, string, topic, tumbling } from "millrace";

export interface Order {
  readonly customer: string;
  readonly total: number;
}

export const orders = topic("orders", { key: string(), value: json<Order>() });

/** What each customer has spent, in all and by the hour. */
export function spending() {
  const builder = new StreamsBuilder();
  const byCustomer = builder
    .stream(orders)
    .groupBy(({ customer }) => customer, { key: string(), value: orders.value });
  const sum = { value: json<number>() };
  const totals = byCustomer.aggregate(
    () => 0,
    (spent, { total }) => spent + total,
    { ...sum, store: "totals" },
  );
  const perHour = byCustomer.windowedBy(tumbling("1h", { grace: "1d" })).aggregate(
    () => 0,
    (spent, { total }) => spent + total,
    { ...sum, store: "totals-per-hour" },
  );
  return { topology: builder.build(), totals, perHour };
}

export type Spending = ReturnType<typeof spending>;
