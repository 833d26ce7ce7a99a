import {
  double,
  json,
  string,
  StreamsBuilder,
  topic,
  tumbling,
  type KStream,
  type KTable,
  type Topology,
  type Windowed,
} from "millrace";

/** By its number. */
export interface Order {
  readonly city: string;
  readonly total: number;
}

export const orders = topic("orders", { key: string(), value: json<Order>() });

/** What the dashboard watches: there is no topic for it. */
export interface Shop {
  readonly topology: Topology;
  /** Orders of at least 100. */
  readonly large: KStream<string, Order>;
  /** By city and minute. */
  readonly turnover: KTable<Windowed<string>, number | null>;
}

export function shop(): Shop {
  const builder = new StreamsBuilder();
  const all = builder.stream(orders);
  const large = all.filter(({ total }) => total >= 100);
  const turnover = all
    .map(({ city, total }) => ({ key: city, value: total }), { key: string(), value: double() })
    .groupByKey()
    .windowedBy(tumbling("1m", { grace: "10s" }))
    .reduce((sum, total) => sum + total, { store: "turnover" });
  return { topology: builder.build(), large, turnover };
}
