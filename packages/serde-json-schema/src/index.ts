export type { FromJsonSchema, JsonSchemaDocument } from "./codec/from-json-schema.ts";
export { jsonSchema, type JsonSchemaRegistryOptions } from "./codec/json-schema.ts";
export type { JsonSchemaOptions, JsonSchemaReference } from "./codec/json-schema-options.ts";
export { JsonSchemaError, type JsonSchemaErrorCode } from "./json-schema-error.ts";
export { jsonSchemaFormat } from "./json-schema-format.ts";
