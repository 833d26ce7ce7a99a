import {
  double,
  json,
  keyValueStore,
  otherwise,
  StreamsBuilder,
  string,
  type Topology,
} from "millrace";

/** Topics of the example. Payments have as many partitions as they like: what they are joined with is whole everywhere. */
export const topics = {
  /** By account. */
  payments: "payments",
  /** By currency: what one unit costs in euro. */
  rates: "exchange-rates",
  /** By account: why it is closed; a record without a value opens it again. */
  closures: "account-closures",
  inEuro: "payments-in-euro",
  refused: "refused-payments",
} as const;

export interface Payment {
  readonly id: string;
  readonly amount: number;
  readonly currency: string;
}
export interface EuroPayment {
  readonly id: string;
  readonly euro: number;
}
export interface RefusedPayment {
  readonly id: string;
  readonly reason: string;
}

const refused = { key: string(), value: json<RefusedPayment>() };

/**
 * Payments are converted into euro. Rates are few, and each payment needs another one: a global table, joined by the
 * payment's currency. Payments of accounts that are closed are refused: a global store of one's own, read by a processor.
 */
export function exchangeTopology(): Topology {
  const builder = new StreamsBuilder();
  const rates = builder.globalTable(topics.rates, {
    key: string(),
    value: double(),
    store: "rates",
  });
  const closed = keyValueStore({ name: "closed-accounts", key: string(), value: string() });
  builder.addGlobalStore(closed, topics.closures, {
    process: ({ key, value }, { store }) => store.put(key, value),
  });

  const checked = builder
    .stream(topics.payments, { key: string(), value: json<Payment>() })
    .process({
      stores: { closed },
      outputs: { open: { key: string(), value: json<Payment>() }, refused },
      process(record, { closed: accounts, forwardTo }) {
        const reason = accounts.get(record.key);
        if (reason === null) forwardTo.open(record);
        else forwardTo.refused(record.withValue({ id: record.value.id, reason }));
      },
    });
  const priced = checked.open.leftJoin(
    rates,
    ({ id, amount, currency }, rate) => ({ id, currency, euro: rate && amount * rate }),
    { keySelector: ({ currency }) => currency },
  );
  const { known, unknown } = priced.split({
    known: ({ euro }) => euro !== null,
    unknown: otherwise,
  });
  known
    .mapValues(({ id, euro }) => ({ id, euro: Math.round((euro ?? 0) * 100) / 100 }))
    .to(topics.inEuro, { key: string(), value: json<EuroPayment>() });
  unknown
    .mapValues(({ id, currency }) => ({ id, reason: `no rate for ${currency}` }))
    .merge(checked.refused)
    .to(topics.refused, refused);
  return builder.build();
}
