import {
  int64AsNumber,
  json,
  keyValueStore,
  StreamRecord,
  StreamsBuilder,
  string,
  type Duration,
  type Topology,
} from "millrace";

/** Topics of the example, all keyed by product, and all with as many partitions. */
export const topics = {
  deliveries: "deliveries",
  orders: "orders",
  settled: "settled-orders",
  reorders: "reorders",
} as const;

export interface Order {
  readonly id: string;
  readonly quantity: number;
}

/** What became of an order. */
export interface Settled extends Order {
  readonly outcome: "shipped" | "cancelled";
}

interface WaitingOrder extends Order {
  /** When it came, in ms since 1970. */
  readonly since: number;
}

export interface InventoryOptions {
  /** An order that cannot be shipped for so long is cancelled: by the times of the records. Default: a day. */
  readonly patienceMs?: number;
  /** How often products that run low are looked for: by the clock. Default: a minute. */
  readonly checkEvery?: Duration;
  /** A product runs low where fewer are left. Default 3. */
  readonly lowStock?: number;
}

const counts = { key: string(), value: int64AsNumber() };
const settledOrders = { key: string(), value: json<Settled>() };

/**
 * Orders are shipped from stock. What is not there is waited for, first come first served, until a delivery brings it or
 * patience is over. What runs low is reported.
 *
 * Two processors share two stores: so they are one sub-topology, and one task has a product's deliveries and orders.
 */
export function inventoryTopology({
  patienceMs = 24 * 60 * 60 * 1000,
  checkEvery = "1m",
  lowStock = 3,
}: InventoryOptions = {}): Topology {
  const builder = new StreamsBuilder();
  const stock = keyValueStore({ name: "stock", ...counts });
  // Keys begin with the product, and sort by the order's time.
  const waiting = keyValueStore({ name: "waiting", key: string(), value: json<WaitingOrder>() });

  const late = builder.stream(topics.deliveries, counts).process({
    stores: { stock, waiting },
    output: settledOrders,
    process(record, { stock, waiting, forward }) {
      let left = (stock.get(record.key) ?? 0) + record.value;
      const first = [...waiting.prefixScan(`${record.key}/`, string())];
      for (const { key, value } of first) {
        if (value.quantity > left) break;
        left -= value.quantity;
        waiting.delete(key);
        forward(record.withValue(settle(value, "shipped")));
      }
      stock.put(record.key, left);
    },
  });

  const { settled, reorder } = builder
    .stream(topics.orders, { key: string(), value: json<Order>() })
    .process({
      stores: { stock, waiting },
      outputs: { settled: settledOrders, reorder: counts },
      // What was reported, so that it is reported once: kept in memory, and told again after a restart.
      state: () => ({ reported: new Set<string>() }),
      init({ schedule, stock, waiting, state, forwardTo }) {
        schedule(patienceMs / 10, "streamTime", (now) => {
          const all = [...waiting.all()];
          for (const { key, value } of all) {
            if (value.since + patienceMs > now) continue;
            waiting.delete(key);
            const product = key.slice(0, key.indexOf("/"));
            forwardTo.settled(new StreamRecord(product, settle(value, "cancelled"), now));
          }
        });
        schedule(checkEvery, "wallClockTime", (now) => {
          for (const { key: product, value: left } of stock.all()) {
            if (left >= lowStock) state.reported.delete(product);
            else if (!state.reported.has(product)) {
              state.reported.add(product);
              forwardTo.reorder(new StreamRecord(product, left, now));
            }
          }
        });
      },
      process(record, { stock, waiting, forwardTo }) {
        const { key: product, value: order, timestamp } = record;
        const left = stock.get(product) ?? 0;
        if (order.quantity <= left) {
          stock.put(product, left - order.quantity);
          forwardTo.settled(record.withValue(settle(order, "shipped")));
        } else {
          const place = `${product}/${String(timestamp).padStart(16, "0")}/${order.id}`;
          waiting.put(place, { ...order, since: timestamp });
        }
      },
    });

  settled.merge(late, settledOrders).to(topics.settled);
  reorder.to(topics.reorders);
  return builder.build();
}

function settle({ id, quantity }: Order, outcome: Settled["outcome"]): Settled {
  return { id, quantity, outcome };
}
