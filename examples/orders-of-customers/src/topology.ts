// Two tables of a database, as change data capture writes them, joined by a foreign key; and the turnover of each city,
// right also when a customer moves or an order is deleted.
import { double, json, StreamsBuilder, string, type Topology } from "millrace";

export const topics = {
  orders: "shop.orders",
  customers: "shop.customers",
  labelled: "orders-with-customers",
  turnover: "turnover-per-city",
} as const;

/**
 * A change of a row, as Debezium and its like write it, under the row's primary key: it was created, updated, deleted, or
 * read by a first snapshot. Behind a deletion they write a record without a value, for compaction: it says nothing more,
 * and a source leaves it out.
 */
export interface RowChange<Row> {
  readonly op: "c" | "u" | "d" | "r";
  /** Null where the row is new. */
  readonly before: Row | null;
  /** Null where it was deleted. */
  readonly after: Row | null;
}

export interface Order {
  readonly customer: string;
  readonly total: number;
}

export interface Customer {
  readonly name: string;
  readonly city: string;
}

export interface LabelledOrder extends Customer {
  readonly total: number;
}

export function ordersOfCustomers(): Topology {
  const builder = new StreamsBuilder();
  const orders = builder
    .stream(topics.orders, { key: string(), value: json<RowChange<Order>>() })
    .mapValues(({ after }) => after, { value: json<Order>() })
    .toTable({ store: "orders" });
  const customers = builder
    .stream(topics.customers, { key: string(), value: json<RowChange<Customer>>() })
    .mapValues(({ after }) => after, { value: json<Customer>() })
    .toTable({ store: "customers" });

  const labelled = orders.join(
    customers,
    ({ total }, { name, city }): LabelledOrder => ({ name, city, total }),
    {
      foreignKey: (order) => order.customer,
      value: json<LabelledOrder>(),
      store: "labelled-orders",
    },
  );
  labelled.toStream().to(topics.labelled);

  labelled
    .groupBy(({ city, total }) => ({ key: city, value: total }), { key: string(), value: double() })
    .reduce(
      { adder: (sum, total) => sum + total, subtractor: (sum, total) => sum - total },
      { store: "turnover" },
    )
    .toStream()
    .to(topics.turnover);
  return builder.build();
}
