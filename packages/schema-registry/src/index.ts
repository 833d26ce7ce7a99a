export {
  checkCompatibility,
  compatibilityLevels,
  type CompatibilityLevel,
  type CompatibilityProblem,
  type CompatibilityResult,
  type CompatibilityRule,
} from "./format/check-compatibility.ts";
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
