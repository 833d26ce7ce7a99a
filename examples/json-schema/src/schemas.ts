import type { FromJsonSchema, JsonSchemaReference } from "@millrace/serde-json-schema";

/** An order, of which the types are made: nobody writes them a second time. */
export const orderSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Order",
  type: "object",
  properties: {
    id: { type: "string", pattern: "^[A-Z]{2}-[0-9]+$" },
    lines: { type: "array", items: { $ref: "line.json" }, minItems: 1 },
    express: { type: "boolean" },
  },
  required: ["id", "lines"],
  additionalProperties: false,
} as const;

export const lineSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  properties: {
    sku: { type: "string" },
    count: { type: "integer", minimum: 1 },
    cents: { type: "integer", minimum: 0 },
  },
  required: ["sku", "count", "cents"],
  additionalProperties: false,
} as const;

/** What `$ref` calls it, and under which subject it stands in the registry. */
export const orderReferences: readonly JsonSchemaReference[] = [
  { name: "line.json", subject: "order-line", schema: lineSchema },
];

export type OrderLine = FromJsonSchema<typeof lineSchema>;
/** TypeScript does not look into other documents: what a reference stands for is told. */
export type Order = Omit<FromJsonSchema<typeof orderSchema>, "lines"> & { lines: OrderLine[] };

export const invoiceSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Invoice",
  type: "object",
  properties: {
    order: { type: "string" },
    cents: { type: "integer", minimum: 0 },
  },
  required: ["order", "cents"],
  additionalProperties: false,
} as const;
