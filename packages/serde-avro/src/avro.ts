import { readOptions } from "@millrace/model";
import type { Serde } from "@millrace/serde";

import { avroOptionTable, type AvroOptions } from "./avro-options.ts";
import { localSerde } from "./local-serde.ts";
import { readSource, type AvroSchemaSource } from "./schema/schema-source.ts";
import type { AvroSchemaLiteral, AvroValue } from "./types/avro-value.ts";

/**
 * Values in Avro. The type of values follows from a schema that is a literal; of a schema in a text or an imported
 * file it is given: `avro<Order>(schema)`.
 *
 * @throws SchemaError `INVALID_SCHEMA`; OptionError
 * @example
 * const order = avro({
 *   type: "record",
 *   name: "Order",
 *   fields: [
 *     { name: "id", type: "string" },
 *     { name: "total", type: "double" },
 *   ],
 * });
 * order.serialize({ id: "a", total: 9.5 }, "orders");
 */
export function avro<
  const Schema extends AvroSchemaLiteral,
  const Options extends AvroOptions = {},
>(schema: Schema, options?: Options): Serde<AvroValue<Schema, Options>>;
export function avro<T>(schema: AvroSchemaSource, options?: AvroOptions): Serde<T>;
export function avro(schema: AvroSchemaSource, options: AvroOptions = {}): unknown {
  return localSerde(readSource(schema), readOptions(avroOptionTable, options));
}
