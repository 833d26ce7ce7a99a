import { double, int64AsNumber, json, keyValueStore, StreamsBuilder, string } from "millrace";
import type { Duration, Topology } from "millrace";

/** Topics of the example, keyed by customer but for the dead letters, and with as many partitions. */
export const topics = {
  orders: "orders",
  customers: "customers",
  invoices: "invoices",
  spent: "spent",
  deadLetters: "unpriced-orders",
} as const;

export interface Order {
  readonly id: string;
  readonly product: string;
  readonly quantity: number;
}

export interface Customer {
  readonly name: string;
  /** From 0 to 1. */
  readonly discount: number;
}

interface NumberedOrder extends Order {
  /** Of the customer's orders, from 1. */
  readonly number: number;
}

interface PricedOrder extends NumberedOrder {
  readonly price: number;
}

export interface Invoice {
  readonly order: string;
  readonly number: number;
  readonly name: string;
  readonly total: number;
}

/** What a product costs, from somewhere else. */
export type PriceLookup = (product: string, signal: AbortSignal) => Promise<number>;

/** The service does not know the product: to ask again is of no use. */
export class UnknownProduct extends Error {}

export interface EnrichmentOptions {
  readonly lookUp: PriceLookup;
  /** Requests at once, per task. Default 20. */
  readonly concurrency?: number;
  /** Of each request. Default: a second. */
  readonly timeout?: Duration;
  readonly backoff?: { readonly from: Duration; readonly to: Duration };
}

/**
 * Numbers the orders of each customer, asks a service for the price of each, and writes invoices in the order in which a
 * customer has ordered. Products without a price are dead letters.
 */
export function enrichmentTopology({
  lookUp,
  concurrency = 20,
  timeout = "1s",
  backoff = { from: "50ms", to: "5s" },
}: EnrichmentOptions): Topology {
  const builder = new StreamsBuilder();
  const customers = builder.table(topics.customers, {
    key: string(),
    value: json<Customer>(),
    store: "customers",
  });

  const invoices = builder
    .stream(topics.orders, { key: string(), value: json<Order>() })
    .processValues({
      stores: {
        counts: keyValueStore({ name: "order-counts", key: string(), value: int64AsNumber() }),
      },
      value: json<NumberedOrder>(),
      process(record, { counts, forward }) {
        const number = (counts.get(record.key) ?? 0) + 1;
        counts.put(record.key, number);
        forward(record.withValue({ ...record.value, number }));
      },
    })
    .mapValuesAsync(
      async (order, _customer, { signal }): Promise<PricedOrder> => ({
        ...order,
        price: await lookUp(order.product, signal),
      }),
      {
        name: "price",
        concurrency,
        order: "key", // invoices of a customer leave in the order of the orders, however long each price takes
        timeout,
        retry: { attempts: 20, backoff, when: (error) => !(error instanceof UnknownProduct) },
        onGiveUp: "deadLetter",
        value: json<PricedOrder>(),
      },
    )
    .join(
      customers,
      ({ id, number, price, quantity }, { name, discount }): Invoice => ({
        order: id,
        number,
        name,
        total: Math.round(price * quantity * (1 - discount) * 100) / 100,
      }),
      { value: json<Invoice>() },
    );
  invoices.to(topics.invoices);
  invoices
    .groupByKey()
    .aggregate(
      () => 0,
      (spent, { total }) => Math.round((spent + total) * 100) / 100,
      { value: double(), store: "spent" },
    )
    .toStream()
    .to(topics.spent);
  return builder.build();
}
