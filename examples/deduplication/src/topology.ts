import { int64AsNumber, json, string, StreamsBuilder, type Topology } from "millrace";

/** Topics of the example, all keyed by account. */
export const topics = {
  webhooks: "payment-webhooks",
  payments: "payments",
  balances: "balances",
} as const;

/** As the provider of payments sends it, once or more often. */
export interface Webhook {
  readonly event: string;
  readonly cents: number;
}

/** The provider tries again for three days. */
const retriesEnd = "3d";

/**
 * Takes webhooks that come twice for one payment, and sums payments by account. The provider has the same account in all
 * attempts, so that they are in one partition; the event says which attempts are one.
 */
export function paymentsOnce(): Topology {
  const builder = new StreamsBuilder();
  const payments = builder
    .stream(topics.webhooks, { key: string(), value: json<Webhook>() })
    .deduplicate((webhook) => webhook.event, {
      within: retriesEnd,
      id: string(),
      name: "once",
    });
  payments.to(topics.payments);
  payments
    .mapValues((payment) => payment.cents, { value: int64AsNumber() })
    .groupByKey()
    .reduce((balance, cents) => balance + cents, { store: { name: "balances", caching: false } })
    .toStream()
    .to(topics.balances);
  return builder.build();
}
