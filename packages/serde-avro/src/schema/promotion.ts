import type { AvroSchema } from "./avro-schema.ts";

type Kind = AvroSchema["kind"];

const promotions: Readonly<Partial<Record<Kind, readonly Kind[]>>> = {
  int: ["long", "float", "double"],
  long: ["float", "double"],
  float: ["double"],
  string: ["bytes"],
  bytes: ["string"],
};

/** What Avro reads as another kind. */
export function isPromotable(writer: Kind, reader: Kind): boolean {
  return promotions[writer]?.includes(reader) ?? false;
}
