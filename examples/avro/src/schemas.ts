import type { AvroValue } from "@millrace/serde-avro";

/** A reading of a meter, as the first devices sent it. */
export const firstReadingSchema = {
  type: "record",
  name: "Reading",
  namespace: "meters",
  fields: [
    { name: "meter", type: "string" },
    { name: "at", type: { type: "long", logicalType: "timestamp-millis" } },
    { name: "kwh", type: "int" },
  ],
} as const;

/** As devices send it now: parts of a kilowatt-hour, and what kind of meter it is. The old ones are read with it too. */
export const readingSchema = {
  ...firstReadingSchema,
  fields: [
    { name: "meter", type: "string" },
    { name: "at", type: { type: "long", logicalType: "timestamp-millis" } },
    { name: "kwh", type: "double" },
    {
      name: "kind",
      type: { type: "enum", name: "Kind", symbols: ["HOME", "SHOP"], default: "HOME" },
      default: "HOME",
    },
  ],
} as const;

export const billSchema = {
  type: "record",
  name: "Bill",
  namespace: "meters",
  fields: [
    { name: "meter", type: "string" },
    { name: "readings", type: "int" },
    { name: "euros", type: { type: "bytes", logicalType: "decimal", precision: 12, scale: 2 } },
  ],
} as const;

export type Reading = AvroValue<typeof readingSchema>;
export type Bill = AvroValue<typeof billSchema>;
