import type { SchemaRegistry } from "@millrace/schema-registry";
import { jsonSchema } from "@millrace/serde-json-schema";
import { StreamsBuilder, string, topic, type Topology } from "millrace";

import { invoiceSchema, orderReferences, orderSchema, type Order } from "./schemas.ts";

const expressCents = 990;

/** Topics of the example: each value names its schema in the registry, and is checked by it. */
export function topicsOf(registry: SchemaRegistry) {
  return {
    orders: topic("orders", {
      key: string(),
      value: jsonSchema<Order>(orderSchema, { registry, references: orderReferences }),
    }),
    invoices: topic("invoices", { key: string(), value: jsonSchema(invoiceSchema, { registry }) }),
  };
}

/** Each order becomes an invoice. */
export function invoiceTopology(registry: SchemaRegistry): Topology {
  const { orders, invoices } = topicsOf(registry);
  const builder = new StreamsBuilder();
  builder
    .stream(orders)
    .mapValues(({ id, lines, express }) => ({
      order: id,
      cents: lines.reduce(
        (sum, { count, cents }) => sum + count * cents,
        express === true ? expressCents : 0,
      ),
    }))
    .to(invoices);
  return builder.build();
}
