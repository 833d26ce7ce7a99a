export { RegistryError, type RegistryErrorCode } from "./registry-error.ts";
export { SchemaRegistryServer } from "./schema-registry-server.ts";
export { registryServerOptionTable, type SchemaRegistryServerOptions } from "./server-options.ts";
