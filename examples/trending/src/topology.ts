import {
  int64AsNumber,
  json,
  list,
  string,
  StreamsBuilder,
  tumbling,
  type Serde,
  type Topology,
} from "millrace";

/** Topics of the example: views by visitor, and the greatest of each hour by its start. */
export const topics = { views: "product-views", trending: "trending-products" } as const;

export interface View {
  readonly product: string;
  /** A view of the product counts less than one that was put into the cart. */
  readonly weight: number;
}

export interface Trend {
  readonly product: string;
  readonly score: number;
}

export const trends: Serde<readonly Trend[]> = list(json<Trend>());

/** How many products an hour shows. */
const places = 3;

/**
 * The three products of each hour that visitors looked at most. The scores are a table, a row for each product and hour;
 * grouped by the hour it has a list of its greatest, in which a product moves up as it is looked at.
 */
export function trendingTopology(): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream(topics.views, { key: string(), value: json<View>() })
    .groupBy((view) => view.product, { key: string() })
    .windowedBy(tumbling("1h", { grace: "5m" }))
    .aggregate(
      () => 0,
      (score, view) => score + view.weight,
      { value: int64AsNumber(), store: { name: "scores", caching: false } },
    )
    .groupBy(
      (score, { key: product, window }) => ({ key: window.start, value: { product, score } }),
      { key: int64AsNumber(), value: json<Trend>() },
    )
    // Of equal scores the product whose row sorts first: by its name.
    .topN(places, ({ score }) => score, { store: { name: "trending", caching: false } })
    .toStream()
    .to(topics.trending);
  return builder.build();
}
