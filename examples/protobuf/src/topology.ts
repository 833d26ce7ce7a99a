import type { SchemaRegistry } from "@millrace/schema-registry";
import { protobuf } from "@millrace/serde-protobuf";
import { StreamsBuilder, string, topic, type Topology } from "millrace";

import { orderProto, references, type Bill, type Order } from "./messages.ts";

/** Topics of the example: each value names its schema in the registry, and its message in the schema. */
export function topicsOf(registry: SchemaRegistry) {
  const shared = { references, registry };
  return {
    orders: topic("orders", {
      key: string(),
      value: protobuf<Order>(orderProto, { message: "Order", ...shared }),
    }),
    bills: topic("bills", {
      key: string(),
      value: protobuf<Bill>(orderProto, { message: "Bill", ...shared }),
    }),
  };
}

/** Each order becomes a bill. */
export function billTopology(registry: SchemaRegistry): Topology {
  const { orders, bills } = topicsOf(registry);
  const builder = new StreamsBuilder();
  builder
    .stream(orders)
    .mapValues((order): Bill => ({
      order: order.id,
      total: {
        currency: order.lines[0]?.price?.currency ?? "EUR",
        cents: order.lines.reduce(
          (sum, { count, price }) => sum + BigInt(count) * (price?.cents ?? 0n),
          0n,
        ),
      },
      pays: order.card === undefined ? `invoice to ${order.invoiceTo}` : `card ${order.card}`,
    }))
    .to(bills);
  return builder.build();
}
