import {
  int64AsNumber,
  json,
  session,
  StreamsBuilder,
  string,
  tumbling,
  type Duration,
  type Topology,
} from "millrace";

export const topics = {
  /** By visitor. */
  events: "shop-events",
  /** By visitor: one record for each visit, when it is over. */
  visits: "visits",
  /** By visitor: visits that left something in the cart. */
  abandoned: "abandoned-carts",
  /** By page: how many visits an hour entered there. */
  entries: "entries-per-hour",
} as const;

export interface ShopEvent {
  readonly page: string;
  /** What went into the cart with it, or out of it, in cents. */
  readonly cart?: number;
  /** The cart was paid for. */
  readonly isPaid?: boolean;
}

export interface Visit {
  /** Of the first event and the last one, in ms since 1970. */
  readonly from: number;
  readonly to: number;
  readonly entry: string;
  readonly exit: string;
  readonly pageCount: number;
  readonly inCart: number;
  readonly spent: number;
}

export interface SessionOptions {
  /** A visit is over when nothing comes for so long. Default: half an hour. */
  readonly inactivity?: Duration;
  /** How late an event may come. Default: a minute. */
  readonly grace?: Duration;
}

/** While a visit lasts: its events, since they may come in any order, and a late one may make one visit of two. */
interface Trail {
  readonly events: readonly (ShopEvent & { readonly at: number })[];
}

/** Events of a shop become visits: one result for each, when it is over; and what visits tell. */
export function shopSessions({ inactivity = "30m", grace = "1m" }: SessionOptions = {}): Topology {
  const builder = new StreamsBuilder();
  const visits = builder
    .stream(topics.events, { key: string(), value: json<ShopEvent>() })
    .mapValues((event, _visitor, { timestamp }) => ({ ...event, at: timestamp }), {
      value: json<ShopEvent & { readonly at: number }>(),
    })
    .groupByKey()
    .windowedBy(session(inactivity, { grace }))
    .emitStrategy("onWindowClose")
    .aggregate(
      (): Trail => ({ events: [] }),
      {
        aggregator: ({ events }, event) => ({ events: [...events, event] }),
        merger: (left, right) => ({ events: [...left.events, ...right.events] }),
      },
      // Kept for longer than it takes to close them: else the store forgets visits before they are told.
      { value: json<Trail>(), store: { name: "open-visits", retention: "1d" } },
    )
    .toStream((_trail, { key: visitor }) => visitor)
    .mapValues(visitOf, { value: json<Visit>() });
  visits.to(topics.visits, { key: string() });

  visits.filter(({ inCart }) => inCart > 0).to(topics.abandoned, { key: string() });

  visits
    .groupBy(({ entry }) => entry, { key: string() })
    .windowedBy(tumbling("1h", { grace }))
    .count({ store: "entries" })
    .toStream((_count, { key: page }) => page)
    .to(topics.entries, { key: string(), value: int64AsNumber() });
  return builder.build();
}

function visitOf({ events }: Trail): Visit {
  const inOrder = events.toSorted((left, right) => left.at - right.at);
  const [first, last] = [inOrder[0], inOrder[inOrder.length - 1]];
  let [inCart, spent] = [0, 0];
  for (const { cart = 0, isPaid = false } of inOrder) {
    inCart += cart;
    if (isPaid) [inCart, spent] = [0, spent + inCart];
  }
  return {
    from: first.at,
    to: last.at,
    entry: first.page,
    exit: last.page,
    pageCount: events.length,
    inCart,
    spent,
  };
}
