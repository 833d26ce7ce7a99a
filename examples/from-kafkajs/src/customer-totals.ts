import { json, string, type StreamsBuilder, type Topology } from "millrace";

export interface Order {
  readonly customer: string;
  readonly cents: number;
}

/** Orders, in whatever order they come, become one running total per customer. */
export function customerTotals(builder: StreamsBuilder): Topology {
  builder
    .stream("orders", { value: json<Order>() })
    .groupBy((order) => order.customer, { key: string(), value: json<Order>() })
    .aggregate(
      () => 0,
      (total, order) => total + order.cents,
      { store: "totals", value: json<number>() },
    )
    .toStream()
    .to("customer-totals", { key: string(), value: json<number>() });
  return builder.build();
}
