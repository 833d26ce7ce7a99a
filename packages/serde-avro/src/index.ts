export { avro, type AvroRegistryOptions } from "./avro.ts";
export { avroFormat } from "./avro-format.ts";
export type { AvroOptions, AvroReference } from "./avro-options.ts";
export { AvroError, type AvroErrorCode } from "./codec/avro-error.ts";
export type { AvroDuration } from "./codec/logical-values.ts";
export {
  avroCanonicalForm,
  avroFingerprint,
  type AvroSchemaSource,
} from "./schema/schema-source.ts";
export type {
  AvroFieldLiteral,
  AvroSchemaLiteral,
  AvroSchemaObject,
  AvroValue,
  AvroValueTypes,
} from "./types/avro-value.ts";
