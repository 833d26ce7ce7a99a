export { avroFormat } from "./avro-format.ts";
export {
  avroCanonicalForm,
  avroFingerprint,
  type AvroSchemaSource,
} from "./schema/schema-source.ts";
