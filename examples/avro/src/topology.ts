import type { SchemaRegistry } from "@millrace/schema-registry";
import { avro } from "@millrace/serde-avro";
import { StreamsBuilder, string, topic, type Topology } from "millrace";

import { billSchema, readingSchema, type Bill, type Reading } from "./schemas.ts";

const centsPerKwh = { HOME: 31, SHOP: 24 } as const;

/** Topics of the example: each value names its schema in the registry. */
export function topicsOf(registry: SchemaRegistry) {
  return {
    readings: topic("readings", { key: string(), value: avro(readingSchema, { registry }) }),
    bills: topic("bills", { key: string(), value: avro(billSchema, { registry }) }),
  };
}

/** Each meter has a bill that grows with its readings. The store holds Avro as well. */
export function billTopology(registry: SchemaRegistry): Topology {
  const { readings, bills } = topicsOf(registry);
  const builder = new StreamsBuilder();
  builder
    .stream(readings)
    .groupByKey()
    .aggregate((): Bill => ({ meter: "", readings: 0, euros: "0.00" }), addReading, {
      store: "bills",
      value: bills.value,
    })
    .toStream()
    .to(bills);
  return builder.build();
}

function addReading(bill: Bill, { meter, kwh, kind }: Reading): Bill {
  const cents = centsOf(bill.euros) + Math.round(kwh * centsPerKwh[kind]);
  return { meter, readings: bill.readings + 1, euros: (cents / 100).toFixed(2) };
}

function centsOf(euros: string): number {
  return Number(euros.replace(".", ""));
}
