export type {
  ContextId,
  RegistryCompatibility,
  RegistryConfig,
  RegistryMode,
  RegistryVersion,
  SubjectVersionName,
} from "./client/answer-shapes.ts";
export type {
  CompatibilityOptions,
  DeleteOptions,
  LookUpOptions,
  PageOptions,
  SchemasOptions,
  SubjectOptions,
  SubjectsOptions,
  VersionOptions,
  VersionsOptions,
} from "./client/call-options.ts";
export {
  registryClientOptionTable,
  type RegistryAuth,
  type RegistryFetch,
  type SchemaRegistryClientOptions,
} from "./client/registry-client-options.ts";
export type { RegistryWorld } from "./client/registry-world.ts";
export { SchemaRegistryClient } from "./client/schema-registry-client.ts";
export {
  checkCompatibility,
  compatibilityLevels,
  type CompatibilityLevel,
  type CompatibilityProblem,
  type CompatibilityResult,
  type CompatibilityRule,
} from "./format/check-compatibility.ts";
export {
  excessFieldOf,
  excessFieldProblem,
  excessFieldSource,
  excessFieldsOption,
  type ExcessFields,
  type ExcessFieldSource,
} from "./format/excess-fields.ts";
export {
  ownReferences,
  referencesKind,
  resolvedReferences,
  type GivenReference,
} from "./format/given-reference.ts";
export type {
  KnownSchema,
  OwnReference,
  OwnSchema,
  SchemaCodec,
  SchemaReader,
  SchemaWriter,
} from "./format/schema-codec.ts";
export { SchemaError, type SchemaErrorCode } from "./format/schema-error.ts";
export type {
  CompatibilityPolicy,
  ParsedSchema,
  ResolvedReference,
  SchemaDifference,
  SchemaFormat,
  SchemaParseOptions,
  SchemaReference,
  SchemaType,
} from "./format/schema-format.ts";
export {
  guidFrame,
  guidFrameSize,
  idFrame,
  idFrameSize,
  readGuid,
  readId,
  schemaHeaderName,
} from "./framing/frame.ts";
export { FrameError, type FrameErrorCode } from "./framing/frame-error.ts";
export { messageIndexes, readMessageIndexes, type ReadIndexes } from "./framing/message-indexes.ts";
export {
  MemorySchemaRegistry,
  type MemorySchemaRegistryOptions,
} from "./memory/memory-schema-registry.ts";
export type { Answer } from "./registry/answer.ts";
export { resolveReferences } from "./registry/resolve-references.ts";
export type {
  CallOptions,
  NewSchema,
  RegisteredSchema,
  RegisterOptions,
  Registration,
  SchemaMetadata,
  SchemaRegistry,
  SchemaRuleSet,
  SubjectVersion,
} from "./registry/schema-registry.ts";
export {
  SchemaRegistryError,
  type SchemaRegistryErrorCode,
  type SchemaRegistryErrorDetails,
} from "./registry/schema-registry-error.ts";
export { readSerdeOptions, type ReadSerdeOptions } from "./serde/read-serde-options.ts";
export { registrySerde, type RegistrySerde } from "./serde/registry-serde.ts";
export { RegistrySerdeError, type RegistrySerdeErrorCode } from "./serde/registry-serde-error.ts";
export {
  registrySerdeOptionTable,
  type RegistrySerdeOptions,
} from "./serde/registry-serde-options.ts";
export type { SubjectNameParts, SubjectNameStrategy } from "./serde/subject-name.ts";
