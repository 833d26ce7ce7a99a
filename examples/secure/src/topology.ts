import { json, StreamsBuilder, string, type Topology } from "millrace";

export interface Payment {
  readonly customer: string;
  readonly amount: number;
}

export const topics = { payments: "payments", receipts: "receipts" } as const;

/** A receipt for each payment. */
export function receipts(): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream(topics.payments, { key: string(), value: json<Payment>() })
    .mapValues(({ customer, amount }) => `${customer} paid ${amount}`)
    .to(topics.receipts, { key: string(), value: string() });
  return builder.build();
}
