export { JsonSchemaError, type JsonSchemaErrorCode } from "./json-schema-error.ts";
export { jsonSchemaFormat } from "./json-schema-format.ts";
