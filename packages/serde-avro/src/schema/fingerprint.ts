import { encodeUtf8 } from "@millrace/model";

import type { AvroSchema } from "./avro-schema.ts";
import { canonicalForm } from "./canonical-form.ts";

/** CRC-64-AVRO: its polynomial, which is the fingerprint of no bytes as well. */
const empty = 0xc15d213aa4d7a795n;
const table = Array.from({ length: 256 }, (_, index) => {
  let value = BigInt(index);
  for (let bit = 0; bit < 8; bit++) value = (value >> 1n) ^ (value & 1n ? empty : 0n);
  return value;
});

/**
 * The 64-bit Rabin fingerprint of the schema's canonical form, which single-object encoding carries. Equal schemas have
 * equal ones; docs, aliases, defaults and logical types do not count.
 */
export function fingerprint64(schema: AvroSchema): bigint {
  let value = empty;
  for (const byte of encodeUtf8(canonicalForm(schema))) {
    value = (value >> 8n) ^ table[Number((value ^ BigInt(byte)) & 0xffn)];
  }
  return value;
}
